"""Converts a GGUF to the folder of safetensors that `transformers serve` loads: weights in float32, configuration, tokenizer, chat template."""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

gguf, folder = Path(sys.argv[1]), Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
model.config.architectures = [type(model).__name__]
if hasattr(model.config, "quantization_config"):
    del model.config.quantization_config
model.config.save_pretrained(folder)
model.generation_config.save_pretrained(folder)
tied = set(model.all_tied_weights_keys) if model.config.tie_word_embeddings else set()
save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items() if name not in tied}, folder / "model.safetensors", metadata={"format": "pt"})
