"""A process with ik_llama.cpp. Reads commands from its input and answers with their time, as worker.ts does."""

import ctypes
import json
import os
import sys
import time

from ik_llama_cpp import _ctypes_api as api

CHUNK_TOKENS = 512
# After a command GNU OpenMP's threads spin for some milliseconds, which must not slow the engine that has the next turn.
SPINNING_SECONDS = 0.03
# The library prints to the standard output too. Answers go where that was, and the library's lines to the errors.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(value):
    ANSWERS.write(json.dumps(value) + "\n")
    ANSWERS.flush()


def bind(name, arguments, result):
    function = getattr(api._lib, name)
    function.argtypes, function.restype = arguments, result
    return function


class Engine:
    """A model with one sequence. Its matrices are repacked when it is loaded, and attention is fused."""

    def __init__(self, options):
        api.llama_backend_init()
        params = api.llama_model_default_params()
        # Repacked matrices are not those of the file, so nothing is mapped.
        params.repack_tensors, params.use_mmap = True, False
        self.model = api.llama_model_load_from_file(options["model"].encode(), params)
        if not self.model:
            raise RuntimeError("ik_llama.cpp could not load the model")
        context = api.llama_context_default_params()
        context.n_ctx = options["contextTokens"]
        context.n_batch = context.n_ubatch = CHUNK_TOKENS
        context.n_threads = context.n_threads_batch = options["threads"]
        context.flash_attn = options.get("flashAttention", True)
        self.context = api.llama_init_from_model(self.model, context)
        if not self.context:
            raise RuntimeError("ik_llama.cpp could not create a context")
        self.vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self.model))
        self.tokens = [(index * 7919 + 13) % self.vocabulary for index in range(options["contextTokens"])]
        self.batch = api.llama_batch_init(CHUNK_TOKENS, 0, 1)
        self.remove = bind("llama_kv_cache_seq_rm", [ctypes.c_void_p] + [ctypes.c_int32] * 3, ctypes.c_bool)
        self.synchronize = bind("llama_synchronize", [ctypes.c_void_p], None)
        self.past = 0

    def truncate(self, depth):
        self.remove(self.context, 0, depth, -1)
        self.past = depth

    def evaluate(self, count, chunk_tokens):
        end = self.past + count
        while self.past < end:
            chunk = self.tokens[self.past : min(self.past + chunk_tokens, end)]
            self.decode(chunk)
            self.past += len(chunk)

    def decode(self, chunk):
        batch = self.batch
        batch.n_tokens = len(chunk)
        for index, token in enumerate(chunk):
            batch.token[index] = token
            batch.pos[index] = self.past + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = index == len(chunk) - 1
        status = api.llama_decode(self.context, batch)
        if status != 0:
            raise RuntimeError(f"llama_decode of ik_llama.cpp returned {status}")
        self.synchronize(self.context)

    def logits(self, count):
        self.truncate(0)
        self.evaluate(count, CHUNK_TOKENS)
        return api.llama_get_logits_ith(self.context, -1)[: self.vocabulary]

    def follow(self, command):
        if command["do"] == "fill":
            self.truncate(command["from"])
        if command["do"] == "truncate":
            self.truncate(command["depth"])
        else:
            self.evaluate(command["count"], 1 if command["do"] == "decode" else CHUNK_TOKENS)


def milliseconds():
    return time.perf_counter() * 1000, time.process_time() * 1000


def main():
    engine = Engine(json.loads(sys.argv[1]))
    answer({"libraries": ["ik_llama.cpp"]})
    answered = milliseconds()[1]
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "logits":
            answer({"logits": engine.logits(command["count"])})
            answered = milliseconds()[1]
            continue
        start, before = milliseconds()
        waited = before - answered
        engine.follow(command)
        end, after = milliseconds()
        time.sleep(SPINNING_SECONDS)
        answered = milliseconds()[1]
        answer({"elapsedMs": end - start, "processorMs": after - before, "waitingMs": waited})


try:
    main()
except Exception as error:  # The reason goes to the page.
    answer({"error": str(error)})
    sys.exit(1)
