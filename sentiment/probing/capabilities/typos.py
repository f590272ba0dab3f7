"""Words as people misspell them: letters swapped, dropped, doubled, written as they sound."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import changed

_TOLERANCE = 0.1

_TEXTS = (
    "This is [definitely|definately] the best sandwich in the city.",
    "Absolutely [beautiful|beatiful] garden.",
    "[Excellent|Excelent] service from start to finish.",
    "I [love|lvoe] this card game.",
    "The kids had a [fantastic|fantasic] time.",
    "What a [wonderful|wonderfull] little bookshop.",
    "[Great|Graet] value for money.",
    "Very [comfortable|comfterble] sofa.",
    "I would [recommend|reccomend] this plumber to anyone.",
    "The people there [were|wer] so [friendly|freindly].",
    "The charger [works|wroks] perfectly.",
    "We [really|realy] enjoyed the evening.",
    "The dress is [gorgeous|gorgous] and it fits.",
    "[Delicious|Delicous] cakes and good coffee.",
    "Such an [amazing|amazng] view from the roof.",
    "The [restaurant|restaraunt] on the corner is lovely.",
    "Super [happy|hapy] with my new glasses.",
    "An [incredibly|incredably] funny book.",
    "The [battery|batery] life of this watch is superb.",
    "[Thank you|Thnak you] for a brilliant weekend.",
    "I was [disappointed|dissapointed] with the tent.",
    "[Terrible|Terible] customer service.",
    "The shower was [absolutely|absolutly] disgusting.",
    "[Worst|Wrost] meal of my life.",
    "A complete [waste|wsate] of money.",
    "The [receptionist|recepcionist] was so [rude|rdue].",
    "The opera was [boring|borring] and too long.",
    "[Horrible|Horible] smell in the corridor.",
    "My umbrella [broke|borke] on the second day.",
    "The curry was [awful|awfull].",
    "I [hate|haet] the latest version.",
    "[Avoid|Aviod] this car hire company.",
    "[Unfortunately|Unfortunatly] the lock never worked.",
    "The help line is [ridiculously|rediculously] slow.",
    "[Useless|Uselss] timetable app, it crashes all the time.",
    "My [parcel|parcle] arrived damaged.",
    "The bunk was [uncomfortable|uncomfertable].",
    "I want a [refund|refudn], this is a scam.",
    "Very [unprofessional|unprofesional] and late.",
    "The sound quality of the radio is [poor|por].",
)

TYPOS = Capability(
    "typos",
    "misspelt words",
    tuple(changed(text, _TOLERANCE) for text in _TEXTS),
)
