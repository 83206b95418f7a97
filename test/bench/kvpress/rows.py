"""Writes the rows that kvpress keeps, for kvpress.ts: job.json → scores.f32 and JSON on standard output.

The job: {"model": GGUF of float32, "tokens": [id, …], "texts": {text: [id, …]}, "threads": n, "folder": output folder of the scores,
"presses": [{"press": name, "rows": n, "window"?, "kernel"?, "values"?, "budget"?}, …]}. `texts` are the parts of KVzip's prompts.
"""
import importlib.metadata
import json
import sys
from types import SimpleNamespace

import gguf
import kvpress
import numpy
import torch
from kvpress.presses import kvzip_press
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job["threads"])
tokens = torch.tensor([job["tokens"]])
length = tokens.shape[1]


def load_model(path):
    """A GGUF of the architecture llama as transformers has it: rotated halves instead of pairs."""
    reader = gguf.GGUFReader(path)
    field = lambda name: reader.get_field(f"llama.{name}").contents()
    heads, kv_heads, width = field("attention.head_count"), field("attention.head_count_kv"), field("embedding_length")
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    config = LlamaConfig(
        vocab_size=int(tensors["token_embd.weight"].shape[1]), hidden_size=width, intermediate_size=field("feed_forward_length"), num_hidden_layers=field("block_count"),
        num_attention_heads=heads, num_key_value_heads=kv_heads, head_dim=width // heads, rms_norm_eps=field("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": field("rope.freq_base")}, max_position_embeddings=field("context_length"), tie_word_embeddings="output.weight" not in tensors,
    )
    names = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
             "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
    state = {}
    for name, tensor in tensors.items():
        assert tensor.tensor_type == gguf.GGMLQuantizationType.F32, f"{name} is {tensor.tensor_type.name}, not F32"
        values = torch.from_numpy(numpy.array(tensor.data))
        parts = name.split(".")
        if parts[0] != "blk":
            state[{"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}[parts[0]] + ".weight"] = values
            continue
        if parts[2] in ("attn_q", "attn_k"):
            count = heads if parts[2] == "attn_q" else kv_heads
            values = values.reshape(count, -1, 2, width).transpose(1, 2).reshape(values.shape).contiguous()
        state[f"model.layers.{parts[1]}.{names[parts[2]]}.weight"] = values
    model = LlamaForCausalLM(config)
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model.float().eval()


class SummedAttentionPress(kvpress.ObservedAttentionPress):
    """H2O's sums. `ObservedAttentionPress` divides them by the number of tokens that can attend a row."""

    def score(self, module, hidden_states, keys, values, attentions, kwargs):
        return super().score(module, hidden_states, keys, values, attentions, kwargs) * torch.arange(length, 0, -1)


class ScoringKVzipPress(kvpress.KVzipPress):
    """Keeps the scores, and drops nothing."""

    def compress_post(self, model):
        self.scores = self.score_val[:, 0]


def ratio_of(rows):
    """Returns the ratio from which a press computes exactly `rows` of `length`, although it rounds down."""
    return 1 - (rows + 0.5) / length


def make(case):
    """Returns a press, and the inner press whose scores decide its choice."""
    ratio = ratio_of(case["rows"])
    name = case["press"]
    if name == "snapkv":
        press = kvpress.SnapKVPress(ratio, window_size=case["window"], kernel_size=case["kernel"])
        if case.get("values") == "critical":
            press = kvpress.CriticalKVPress(press)
        return (kvpress.AdaKVPress(press), press) if case.get("budget") == "adaptive" else (press, press)
    press = {
        "keydiff": lambda: kvpress.KeyDiffPress(ratio),
        "expected-attention": lambda: kvpress.ExpectedAttentionPress(ratio, epsilon=case["epsilon"]),
        "h2o": lambda: SummedAttentionPress(ratio),
        "streaming": lambda: kvpress.StreamingLLMPress(ratio),
    }[name]()
    return press, press


class AllPresses(kvpress.BasePress):
    """Applies several presses to one reading. The cache stays whole."""

    def __init__(self, cases):
        self.cases = [(index, *make(case), case["rows"]) for index, case in cases]
        self.scores, self.rows = {}, {}
        for index, _, scorer, _ in self.cases:
            self.record(index, scorer)

    def record(self, index, scorer):
        original = scorer.score

        def score(*arguments, **named):
            # AdaKV raises the scores of safe rows in place, so the recorded scores are those that decide its choice.
            self.scores.setdefault(index, []).append(original(*arguments, **named))
            return self.scores[index][-1]

        scorer.score = score

    def compress(self, module, hidden_states, keys, values, attentions, kwargs):
        for index, press, scorer, rows in self.cases:
            seen = attentions if isinstance(scorer, SummedAttentionPress) else None
            compressed, _ = press.compress(module, hidden_states, keys, values, seen, kwargs)
            scores = self.scores[index][-1][0]
            if isinstance(press, kvpress.AdaKVPress):
                _, heads, dropped = module.masked_key_indices
                module.masked_key_indices = None
                kept = [sorted(set(range(length)) - set(dropped[heads == head].tolist())) for head in range(scores.shape[0])]
            else:
                assert compressed.shape[2] == rows, f"{compressed.shape[2]} rows instead of {rows}"
                kept = scores.topk(rows, dim=-1).indices.sort(dim=-1).values.tolist()
            self.rows.setdefault(index, []).append(kept)
        return keys, values


def read(attention, press):
    model.set_attn_implementation(attention)
    with torch.no_grad(), press(model):
        model(tokens, past_key_values=DynamicCache(), cache_position=torch.arange(length), logits_to_keep=1)


model = load_model(job["model"])
answers = {}
cases = list(enumerate(job["presses"]))
for attention, isChosen in (("eager", lambda name: name == "h2o"), ("sdpa", lambda name: name not in ("h2o", "kvzip"))):
    chosen = [case for case in cases if isChosen(case[1]["press"])]
    if not chosen:
        continue
    press = AllPresses(chosen)
    read(attention, press)
    for index, _ in chosen:
        answers[index] = (torch.stack([scores[0] for scores in press.scores[index]]), press.rows[index])
for index, case in cases:
    if case["press"] != "kvzip":
        continue
    encode = lambda text, **_: torch.tensor([job["texts"][text] if text else []], dtype=torch.long)
    kvzip_press.AutoTokenizer = SimpleNamespace(from_pretrained=lambda _: SimpleNamespace(chat_template=None, encode=encode))
    press = ScoringKVzipPress(ratio_of(case["rows"]))
    read("sdpa", press)
    answers[index] = (press.scores, press.scores.topk(case["rows"], dim=-1).indices.sort(dim=-1).values.tolist())
for index, (scores, _) in answers.items():
    scores.float().numpy().tofile(f"{job['folder']}/{index}.f32")
print(json.dumps({
    "versions": {name: importlib.metadata.version(name) for name in ("kvpress", "transformers", "torch")},
    "rows": [answers[index][1] for index, _ in cases],
}))
