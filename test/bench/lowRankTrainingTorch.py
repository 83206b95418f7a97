"""The step of lowRankTraining.ts with PyTorch and PEFT. One argument: the settings as JSON."""
import json
import resource
import sys
import time

import peft
import torch
import transformers

settings = json.loads(sys.argv[1])
sizes = settings["sizes"]
steps, batch, micro, sequence = (settings[key] for key in ("steps", "batch", "micro", "sequence"))
torch.set_num_threads(settings["threads"])
torch.manual_seed(1)
# The speed does not depend on the values of the weights.
config = transformers.Qwen2Config(
    vocab_size=sizes["vocabularySize"],
    hidden_size=sizes["width"],
    intermediate_size=sizes["feedForwardWidth"],
    num_hidden_layers=sizes["blockCount"],
    num_attention_heads=sizes["heads"],
    num_key_value_heads=sizes["kvHeads"],
    tie_word_embeddings=True,
    use_cache=False,
)
torch.set_default_dtype(torch.bfloat16)
base = transformers.Qwen2ForCausalLM(config)
torch.set_default_dtype(torch.float32)
lora = peft.LoraConfig(
    r=settings["rank"],
    lora_alpha=2 * settings["rank"],
    lora_dropout=0.0,
    task_type="CAUSAL_LM",
    target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
)
model = peft.get_peft_model(base, lora)
model.train()
if settings["checkpointing"]:
    base.gradient_checkpointing_enable({"use_reentrant": False})
    base.enable_input_require_grads()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimiser = torch.optim.AdamW(trained, lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1)
start = processor_start = 0.0
for step in range(steps + 1):
    if step == 1:
        start, processor_start = time.perf_counter(), time.process_time()
    optimiser.zero_grad()
    for _ in range(batch // micro):
        tokens = torch.randint(sizes["vocabularySize"], (micro, sequence))
        loss = model(input_ids=tokens, labels=tokens).loss * micro / batch
        loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimiser.step()
seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor_start
print(
    json.dumps(
        {
            "engine": f"torch {torch.__version__}, peft {peft.__version__}",
            "trainedWeights": sum(parameter.numel() for parameter in trained),
            "tokensPerSecond": round(steps * batch * sequence / seconds, 2),
            "processorMsPerStep": round(1000 * processor_seconds / steps),
            "peakMemoryMB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    )
)
