"""MFCC features and their int8 storage for the keyword demo.

One second of 16 kHz mono audio becomes 49 frames of 10 coefficients:

* window 40 ms (640 samples, periodic Hann), stride 20 ms (320 samples), no
  padding: (16000 - 640) / 320 + 1 = 49 frames;
* power spectrum of a 1024-point FFT;
* 40 triangular HTK-mel filters from 20 Hz to 4000 Hz (peak 1, no area norm);
* natural log of (energy + 1e-6);
* orthonormal DCT-II, coefficients 0..9;
* per-coefficient standardisation (x - mean[c]) / std[c] with constants that
  are measured once on the clean training split and stored in demo.json.

The stored bytes are q = clip(round(x / scale) + zero_point, -128, 127).
"""
import numpy as np
from scipy.fft import dct

RATE = 16000
WINDOW = 640
STRIDE = 320
FFT = 1024
MELS = 40
LOW_HZ, HIGH_HZ = 20.0, 4000.0
FRAMES, COEFFS = 49, 10
SAMPLE_BYTES = FRAMES * COEFFS
LOG_FLOOR = 1e-6


def hz_to_mel(hz):
    """HTK mel scale."""
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def mel_filters():
    """Triangular filters, shape [MELS, FFT / 2 + 1]."""
    mels = np.linspace(hz_to_mel(LOW_HZ), hz_to_mel(HIGH_HZ), MELS + 2)
    edges = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    left, mid, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rise = (bins - left) / (mid - left)
    fall = (right - bins) / (right - mid)
    return np.maximum(0.0, np.minimum(rise, fall))


_HANN = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)
_FILTERS = mel_filters()
_FRAME_INDEX = np.arange(FRAMES)[:, None] * STRIDE + np.arange(WINDOW)[None, :]


def mfcc(audio):
    """MFCC [49, 10] of exactly 16000 float samples (before standardisation)."""
    spectrum = np.fft.rfft(audio[_FRAME_INDEX] * _HANN, FFT)
    energy = (np.abs(spectrum) ** 2) @ _FILTERS.T
    logs = np.log(energy + LOG_FLOOR)
    return dct(logs, type=2, norm="ortho", axis=1)[:, :COEFFS].astype(np.float32)


def choose_quantisation(features):
    """Scale and zero point that cover all but the outermost 0.05 % each side."""
    low, high = np.percentile(features, [0.05, 99.95])
    scale = round(float(high - low) / 255.0, 4)
    zero_point = int(np.clip(round(-128 - low / scale), -128, 127))
    return scale, zero_point


def quantise(features, scale, zero_point):
    """float32 -> int8, round half to even."""
    q = np.rint(features / np.float32(scale)) + zero_point
    return np.clip(q, -128, 127).astype(np.int8)


def dequantise(q, scale, zero_point):
    """int8 -> float32."""
    return (q.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
