"""Transcribes WAV files (16 kHz, 16 bits, mono), one per line of the input, with CTranslate2: MODEL COMPUTE_TYPE THREADS BEAM. BEAM 1 is greedy. Prints a JSON line per file."""
import json
import sys
import time
import wave

import ctranslate2
import numpy
from faster_whisper.feature_extractor import FeatureExtractor
from tokenizers import Tokenizer

model_folder, compute_type, threads, beam = sys.argv[1:]
model = ctranslate2.models.Whisper(model_folder, device="cpu", compute_type=compute_type, intra_threads=int(threads))
extractor = FeatureExtractor(feature_size=80)
tokenizer = Tokenizer.from_file(model_folder + "/tokenizer.json")
START, END = 50257, 50256


def transcribe(samples):
    # As in openai/whisper, the silence after the sound is part of the transformed signal.
    padded = numpy.concatenate([samples, numpy.zeros(480_000, numpy.float32)])
    features = numpy.ascontiguousarray(extractor(padded, padding=0)[None, :, :3000].astype(numpy.float32))
    result = model.generate(ctranslate2.StorageView.from_array(features), [[START]], beam_size=int(beam), max_length=225, suppress_blank=True, suppress_tokens=[-1], max_initial_timestamp_index=50)[0]
    return tokenizer.decode([token for token in result.sequences_ids[0] if token < END]).strip()


def read(file):
    with wave.open(file) as sound:
        return numpy.frombuffer(sound.readframes(sound.getnframes()), numpy.int16).astype(numpy.float32) / 32768


for line in sys.stdin:
    samples = read(line.strip())
    start, processor_start = time.perf_counter(), time.process_time()
    text = transcribe(samples)
    print(json.dumps({"text": text, "seconds": time.perf_counter() - start, "processorSeconds": time.process_time() - processor_start}), flush=True)
