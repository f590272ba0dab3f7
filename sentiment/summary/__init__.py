"""Many reviews summarized: shares of answers, groups, trend, themes, aspects."""
