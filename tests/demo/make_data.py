#!/usr/bin/env python3
"""Speaks, mixes and stores the keyword data.

usage: make_data.py WORK_DIR

Writes WORK_DIR/data.npz (all splits, int8) for train.py and, beside this
script, the committed test split, calibration sample and labels.
"""
import io
import json
import os
import subprocess
import sys
import wave

import numpy as np
from scipy.signal import butter, lfilter, resample_poly

import features as ft
import words as w

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20240607
TRAIN_SPEAKERS = {"clean": 450, "accent": 320}
TEST_SPEAKERS = 100
UNKNOWN_PER_SPEAKER = {"train": 3, "test": 1}
MIXES = {"train": 3, "test": 1}
WARP = (0.88, 1.12)
COMMITTED_PER_CLASS = 16
CALIBRATION_PER_DOMAIN = 34
CLEAN_SNR = (12.0, 35.0)
FACTORY_SNR = (7.0, 17.0)
DOMAINS = ["clean", "accent", "factory"]


# ---- speech ---------------------------------------------------------------

def speak(text, voice, speed, pitch):
    """One word by espeak-ng as float samples at 16 kHz, silence trimmed."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch),
               "--stdout", text]
    raw = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    with wave.open(io.BytesIO(raw)) as reader:
        rate = reader.getframerate()
    pcm = np.frombuffer(raw[44:len(raw) - len(raw) % 2], "<i2")
    audio = resample_poly(pcm.astype(np.float64) / 32768.0, ft.RATE // 50, rate // 50)
    return trim(audio)


def trim(audio):
    """Cuts what lies below 1 % of the peak at both ends; at most one second."""
    loud = np.flatnonzero(np.abs(audio) > 0.01 * np.max(np.abs(audio)))
    return audio[loud[0]:loud[-1] + 1][:ft.RATE].astype(np.float32)


def pick_speaker(rng, languages, variants):
    """Random (language, variant, speed, pitch)."""
    return (languages[rng.integers(len(languages))],
            variants[rng.integers(len(variants))],
            int(rng.integers(*w.SPEEDS)), int(rng.integers(*w.PITCHES)))


def word_lists(domain, split, language):
    """Spelling of the 8 keywords and of the unknown words."""
    if domain == "accent":
        unknown = w.UNKNOWN_ACCENT_TRAIN if split == "train" else w.UNKNOWN_ACCENT_TEST
        return w.ACCENT_KEYWORDS[language], unknown[language]
    return w.KEYWORDS, w.UNKNOWN_TRAIN if split == "train" else w.UNKNOWN_TEST


def speak_split(rng, domain, split):
    """All utterances of a split: list of (audio or None, class, name)."""
    languages = w.ACCENT_LANGUAGES if domain == "accent" else w.CLEAN_LANGUAGES
    variants = w.TRAIN_VARIANTS if split == "train" else w.TEST_VARIANTS
    count = TRAIN_SPEAKERS[domain] if split == "train" else TEST_SPEAKERS
    out = []
    for _ in range(count):
        language, variant, speed, pitch = pick_speaker(rng, languages, variants)
        keywords, unknown = word_lists(domain, split, language)
        picked = rng.choice(len(unknown), UNKNOWN_PER_SPEAKER[split], replace=False)
        said = list(zip(keywords, range(len(keywords))))
        said += [(unknown[i], w.UNKNOWN) for i in picked]
        for text, label in said:
            audio = speak(text, f"{language}+{variant}", speed, pitch)
            out.append((audio, label, f"{language}+{variant}-{w.CLASSES[label]}"))
        out.append((None, w.SILENCE, "noise-silence"))
    return out


# ---- noise ----------------------------------------------------------------

def unit(x):
    """Scales to RMS 1."""
    return x / (np.sqrt(np.mean(x ** 2)) + 1e-9)


def coloured(rng):
    """White, pink-like or brown-like noise."""
    white = rng.standard_normal(ft.RATE)
    exponent = rng.choice([0.0, 0.5, 1.0])
    spectrum = np.fft.rfft(white)
    spectrum /= np.maximum(np.arange(spectrum.size), 20.0) ** exponent
    return unit(np.fft.irfft(spectrum, ft.RATE))


def hum(rng):
    """A machine: fundamental of 45-130 Hz, 25 falling harmonics, slow beat."""
    t = np.arange(ft.RATE) / ft.RATE
    base = rng.uniform(45.0, 130.0)
    out = np.zeros(ft.RATE)
    for k in range(1, 26):
        level = rng.uniform(0.3, 1.0) / k ** 0.7
        out += level * np.sin(2 * np.pi * (k * base * t + rng.random()))
    beat = 1.0 + 0.4 * np.sin(2 * np.pi * (rng.uniform(1.0, 9.0) * t + rng.random()))
    return unit(out * beat)


def bursts(rng):
    """1-3 broadband bursts (air, grinder) of 80-400 ms in a random band."""
    out = np.zeros(ft.RATE)
    for _ in range(rng.integers(1, 4)):
        length = int(rng.uniform(0.08, 0.4) * ft.RATE)
        start = rng.integers(0, ft.RATE - length)
        low = rng.uniform(300.0, 2000.0)
        b, a = butter(2, [low, min(low * rng.uniform(2.0, 4.0), 7500.0)], "band", fs=ft.RATE)
        noise = lfilter(b, a, rng.standard_normal(length)) * np.hanning(length) ** 0.3
        out[start:start + length] += unit(noise) * rng.uniform(0.5, 1.0)
    return unit(out)


def hammer(rng):
    """2-6 strikes a second: decaying metal resonances."""
    out = np.zeros(ft.RATE)
    period = ft.RATE / rng.uniform(2.0, 6.0)
    tones = rng.uniform(400.0, 3500.0, 4)
    t = np.arange(ft.RATE // 5) / ft.RATE
    start = rng.uniform(0, period)
    while start < ft.RATE:
        ring = sum(np.sin(2 * np.pi * f * t) for f in tones)
        strike = ring * np.exp(-t * rng.uniform(25.0, 60.0))
        end = min(ft.RATE, int(start) + t.size)
        out[int(start):end] += strike[:end - int(start)]
        start += period * rng.uniform(0.9, 1.1)
    return unit(out)


def factory(rng):
    """Hum, bursts, hammering and a coloured floor in random proportion."""
    parts = [hum(rng), bursts(rng), hammer(rng), coloured(rng)]
    weights = rng.uniform([0.5, 0.0, 0.0, 0.1], [1.0, 0.8, 0.8, 0.4])
    return unit(sum(a * p for a, p in zip(weights, parts)))


# ---- mixing and features --------------------------------------------------

def mix(rng, audio, domain):
    """Places speech at a random offset in one second and adds noise."""
    noise = factory(rng) if domain == "factory" else coloured(rng)
    snr = rng.uniform(*(FACTORY_SNR if domain == "factory" else CLEAN_SNR))
    scene = noise * 10.0 ** (-snr / 20.0)
    if audio is not None:
        speech = unit(audio)
        start = rng.integers(0, ft.RATE - speech.size + 1)
        scene[start:start + speech.size] += speech
    return scene * 0.05 * 10.0 ** (rng.uniform(-6.0, 6.0) / 20.0)


def warp(rng, audio):
    """Plays faster or slower: shifts pitch, formants and length together."""
    size = min(ft.RATE, int(audio.size / rng.uniform(*WARP)))
    return np.interp(np.linspace(0, audio.size - 1, size), np.arange(audio.size), audio)


def extract(rng, utterances, domain, split):
    """MFCC of every utterance, MIXES noisy versions each, warped in training."""
    rows, labels, names = [], [], []
    for audio, label, name in utterances:
        for _ in range(MIXES[split]):
            heard = audio
            if split == "train" and audio is not None:
                heard = warp(rng, audio)
            rows.append(ft.mfcc(mix(rng, heard, domain)))
            labels.append(label)
            names.append(name)
    return np.stack(rows), np.array(labels), names


def make_features():
    """{(domain, split): (features, labels, names)}; factory reuses clean speech."""
    out = {}
    for s, split in enumerate(["train", "test"]):
        spoken = {d: speak_split(np.random.default_rng([SEED, s, i]), d, split)
                  for i, d in enumerate(["clean", "accent"])}
        spoken["factory"] = spoken["clean"]
        for i, domain in enumerate(DOMAINS):
            rng = np.random.default_rng([SEED, 100 + s, i])
            out[domain, split] = extract(rng, spoken[domain], domain, split)
            print(split, domain, out[domain, split][0].shape, flush=True)
    return out


# ---- files ----------------------------------------------------------------

def committed_rows(labels):
    """The first COMMITTED_PER_CLASS rows of each class, in file order."""
    rows = [np.flatnonzero(labels == c)[:COMMITTED_PER_CLASS] for c in range(len(w.CLASSES))]
    return np.sort(np.concatenate(rows))


def write_test(folder, domain, q, labels, names):
    """NAME.bin (490 int8 a sample) and NAME.csv (name,class)."""
    keep = committed_rows(labels)
    q[keep].tofile(os.path.join(folder, domain + ".bin"))
    with open(os.path.join(folder, domain + ".csv"), "w") as out:
        for n, row in enumerate(keep):
            out.write(f"{domain}-{n:03d}-{names[row]},{labels[row]}\n")


def write_calibration(folder, stored):
    """Random TRAIN samples of all domains."""
    rng = np.random.default_rng([SEED, 999])
    parts = [stored[d + "_train_x"] for d in DOMAINS]
    picked = [p[rng.choice(len(p), CALIBRATION_PER_DOMAIN, replace=False)] for p in parts]
    np.concatenate(picked).tofile(os.path.join(folder, "calibration.bin"))


def main(work):
    """Makes everything."""
    os.makedirs(work, exist_ok=True)
    data = make_features()
    clean = data["clean", "train"][0]
    mean = np.round(clean.mean(axis=(0, 1)), 3).astype(np.float32)
    std = np.round(clean.std(axis=(0, 1)), 3).astype(np.float32)
    scaled = {k: (v[0] - mean) / std for k, v in data.items()}
    scale, zero_point = ft.choose_quantisation(
        np.concatenate([scaled[d, "train"] for d in DOMAINS]))
    folder = os.path.join(HERE, "test")
    os.makedirs(folder, exist_ok=True)
    stored = {}
    for (domain, split), (_, labels, names) in data.items():
        q = ft.quantise(scaled[domain, split], scale, zero_point)
        stored[f"{domain}_{split}_x"], stored[f"{domain}_{split}_y"] = q, labels
        if split == "test":
            write_test(folder, domain, q, labels, names)
    write_calibration(HERE, stored)
    with open(os.path.join(HERE, "labels.txt"), "w") as out:
        out.write("\n".join(w.CLASSES) + "\n")
    info = {"scale": scale, "zero_point": zero_point,
            "feature_mean": [round(float(v), 3) for v in mean],
            "feature_std": [round(float(v), 3) for v in std]}
    np.savez(os.path.join(work, "data.npz"), info=json.dumps(info), **stored)
    print(info)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
