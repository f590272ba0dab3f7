// Example reviews, written for this project.

export const EXAMPLES = [
  ["a mixed film", "The plot is thin and the middle drags a bit, but the cast is wonderful and I was never bored."],
  ["a bad phone", "Battery died after a week. Support never answered. Sent it back."],
  ["a good book", "I finished it in two nights and then lent it to my sister. Warm, funny, and never once sentimental."],
  ["negation (hard)", "I wanted to love this hotel. I really did. I can't say that I would recommend it to anybody."],
  ["irony (hard)", "Great, another update that breaks everything. Exactly what I needed on a Monday."],
  ["German", "Das Zimmer war sauber und das Frühstück hervorragend, wir kommen gerne wieder."],
];
