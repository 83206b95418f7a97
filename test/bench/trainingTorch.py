"""The step of training.ts in PyTorch: steps batch micro sequence blocks threads precision."""
import json
import sys
import time

import torch
import torch.nn.functional as F

steps, batch, micro, sequence, blocks, threads = map(int, sys.argv[1:7])
bf16 = sys.argv[7] == "bf16"
torch.set_num_threads(threads)
torch.manual_seed(1)
WIDTH, HEADS, KV_HEADS, HEAD, HIDDEN, VOCABULARY = 576, 9, 3, 64, 1536, 49152


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda i, o: torch.nn.Linear(i, o, bias=False)
        self.attn_norm, self.ffn_norm = torch.nn.RMSNorm(WIDTH, 1e-5), torch.nn.RMSNorm(WIDTH, 1e-5)
        self.q, self.k, self.v = linear(WIDTH, HEADS * HEAD), linear(WIDTH, KV_HEADS * HEAD), linear(WIDTH, KV_HEADS * HEAD)
        self.o = linear(HEADS * HEAD, WIDTH)
        self.gate, self.up, self.down = linear(WIDTH, HIDDEN), linear(WIDTH, HIDDEN), linear(HIDDEN, WIDTH)

    def forward(self, x, cos, sin):
        b, n, _ = x.shape
        y = self.attn_norm(x)
        heads = lambda t, count: t.view(b, n, count, HEAD).transpose(1, 2)
        rotate = lambda t: t * cos + torch.cat((-t[..., HEAD // 2 :], t[..., : HEAD // 2]), -1) * sin
        q, k, v = rotate(heads(self.q(y), HEADS)), rotate(heads(self.k(y), KV_HEADS)), heads(self.v(y), KV_HEADS)
        k, v = (t.repeat_interleave(HEADS // KV_HEADS, 1) for t in (k, v))
        a = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, is_causal=True)
        x = x + self.o(a.transpose(1, 2).reshape(b, n, -1))
        y = self.ffn_norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, WIDTH)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(blocks))
        self.norm = torch.nn.RMSNorm(WIDTH, 1e-5)
        angle = torch.outer(torch.arange(sequence), 100000.0 ** (-torch.arange(0, HEAD, 2) / HEAD)).repeat(1, 2)
        self.cos, self.sin = angle.cos(), angle.sin()

    def forward(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return F.linear(self.norm(x), self.embedding.weight)


network = Network()
optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1)
start = None
for step in range(steps + 1):
    if step == 1:
        start, processor_start = time.perf_counter(), time.process_time()
    optimiser.zero_grad()
    for _ in range(batch // micro):
        tokens = torch.randint(VOCABULARY, (micro, sequence + 1))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = network(tokens[:, :-1])
        loss = F.cross_entropy(logits.float().view(-1, VOCABULARY), tokens[:, 1:].reshape(-1)) * micro / batch
        loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor_start
print(json.dumps({"engine": f"torch {torch.__version__}", "threads": threads, "precision": sys.argv[7], "tokensPerSecond": round(steps * batch * sequence / seconds, 2), "processorMsPerStep": round(1000 * processor_seconds / steps)}))
