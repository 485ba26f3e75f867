"""Words, voices and the train/test split of the keyword demo."""

KEYWORDS = ["up", "down", "left", "right", "on", "off", "stop", "go"]
CLASSES = KEYWORDS + ["unknown", "silence"]
UNKNOWN, SILENCE = CLASSES.index("unknown"), CLASSES.index("silence")

# Base domain: accents of native English voices.
CLEAN_LANGUAGES = ["en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland",
                   "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"]

# Accent domain: the sounds of another language saying English words. The words
# are respelled so that each language's own letter-to-sound rules come close.
ACCENT_LANGUAGES = ["de", "fr", "es", "it", "hi"]
ACCENT_KEYWORDS = {
    "de": ["app", "daun", "lefft", "reit", "onn", "off", "stopp", "goh"],
    "fr": ["eupp", "daoune", "leffte", "raïte", "onne", "offe", "stoppe", "gau"],
    "es": ["ap", "daun", "left", "rait", "on", "of", "stop", "gou"],
    "it": ["ap", "daun", "left", "rait", "on", "of", "stop", "gou"],
    "hi": ["अप", "डाउन", "लेफ्ट", "राइट", "ऑन", "ऑफ", "स्टॉप", "गो"],
}

# "unknown" words; the two lists share no word.
UNKNOWN_TRAIN = [
    "yes", "house", "seven", "marvin", "bird", "happy", "table", "green",
    "river", "nine", "wow", "three", "cat", "eight", "visual", "learn",
    "zero", "follow", "sheila", "window", "five", "music", "paper", "king",
    "garden", "milk", "sun", "bottle", "fish", "orange", "again", "black",
    "number", "road", "winter", "shoe", "jump", "coffee", "answer", "please",
    "top", "step", "cough", "night", "town", "cup", "gone", "lift",
    "low", "show", "light", "ride", "dawn", "map", "best", "drop",
]
UNKNOWN_TEST = [
    "no", "dog", "tree", "bed", "six", "backward", "forward", "four", "one",
    "two", "sugar", "pencil", "summer", "engine", "yellow", "kitchen",
    "bread", "train", "mountain", "silver",
]
UNKNOWN_ACCENT_TRAIN = {
    "de": ["jess", "haus", "sewen", "börd", "häppi", "tebel", "griin", "river",
           "nain", "wau", "srii", "kätt", "eit", "lörn", "siro", "windo",
           "faif", "mjusik", "päiper", "garden", "milk", "fisch"],
    "fr": ["yesse", "haousse", "sévène", "beurde", "happi", "tébeule", "grine",
           "riveur", "naïne", "ouao", "sri", "catte", "hète", "leurne", "ziro",
           "ouindo", "faïve", "miouzique", "pépeur", "gardène", "milque", "fiche"],
    "es": ["yes", "jaus", "seven", "berd", "japi", "teibol", "grin", "river",
           "nain", "uau", "zri", "cat", "eit", "lern", "sirou", "uindou",
           "faiv", "miusic", "peiper", "garden", "milc", "fich"],
    "it": ["ies", "aus", "seven", "berd", "eppi", "teibol", "grin", "river",
           "nain", "uau", "tri", "chet", "eit", "lern", "zirou", "uindou",
           "faiv", "miusic", "peiper", "garden", "milc", "fisc"],
    "hi": ["यस", "हाउस", "सेवन", "बर्ड", "हैप्पी", "टेबल", "ग्रीन", "रिवर",
           "नाइन", "वाउ", "थ्री", "कैट", "एट", "लर्न", "ज़ीरो", "विंडो",
           "फाइव", "म्यूज़िक", "पेपर", "गार्डन", "मिल्क", "फिश"],
}
UNKNOWN_ACCENT_TEST = {
    "de": ["noh", "dogg", "trii", "bedd", "sicks", "sugger", "pensel", "jello"],
    "fr": ["nau", "dogue", "tri", "bède", "sixe", "chougueur", "pencile", "yélo"],
    "es": ["nou", "dog", "tri", "bed", "sics", "chuguer", "pensil", "yelou"],
    "it": ["nou", "dog", "trii", "bed", "sics", "sciugher", "pensil", "ielou"],
    "hi": ["नो", "डॉग", "ट्री", "बेड", "सिक्स", "शुगर", "पेंसिल", "येलो"],
}

# Speakers are espeak-ng voice variants. The two lists share no variant; variants
# that are versions of one voice (klatt, steph, iven, ...) stay on one side.
TRAIN_VARIANTS = """m1 m2 m4 m5 m6 m8 f1 f3 f4 adam Alex Andrea Annie antonio
    aunty belinda benjamin boris caleb david Denis Diogo ed edward edward2 Gene
    Gene2 gustave Henrique iven iven2 iven3 iven4 Jacky klatt klatt2 klatt3
    klatt4 Lee Marco Mario max Michael michel miguel Mike Nguyen norbert paul
    pedro quincy robert sandro shelby steph steph2 steph3 travis
    grandpa""".split()
TEST_VARIANTS = """m3 m7 f2 f5 john linda Andy Alicia marcelo Hugo pablo zac
    victor grandma anika""".split()

SPEEDS = (140, 200)   # words a minute, uniform
PITCHES = (25, 75)    # espeak-ng pitch 0..99, uniform
