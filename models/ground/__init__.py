"""
What the nouns stand on, and what knows none of them: the store and its migrations, the embedded server, wake-ups, keys,
files, the clock, settings, and forms that anything can have (pages, canonical, frozen).
"""
