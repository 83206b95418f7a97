import koffi from 'koffi';
import { availableParallelism } from 'node:os';
import type { GgmlFunctions, Pointer } from './bindings.ts';
import { ComputeThreads } from './computeThreads.ts';
import { AllocationError, DeviceError } from './errors.ts';
import { Interruption } from './interruption.ts';
import { loadGgml, type LibraryBuild } from './libraries.ts';

export type DeviceKind = 'cpu' | 'cuda' | 'metal' | 'vulkan';

interface DeviceDescription {
  readonly index: number;
  readonly kind: DeviceKind;
  readonly name: string;
  readonly description: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

function kindOf(registryName: string): DeviceKind | undefined {
  const name = registryName.toLowerCase();
  if (name === 'cpu') return 'cpu';
  if (name.startsWith('cuda')) return 'cuda';
  if (name.startsWith('metal') || name === 'mtl') return 'metal';
  if (name.startsWith('vulkan')) return 'vulkan';
  return undefined;
}

/** Lists the devices that a build of ggml finds on this machine, in ggml's order. Throws `DeviceError`. */
function listDevices(build: LibraryBuild): DeviceDescription[] {
  const { functions } = loadGgml(build);
  const found: DeviceDescription[] = [];
  const count = functions.ggml_backend_dev_count();
  for (let index = 0; index < count; index++) {
    const device = functions.ggml_backend_dev_get(index);
    const kind = kindOf(functions.ggml_backend_reg_name(functions.ggml_backend_dev_backend_reg(device)));
    if (!kind) continue;
    const free = Buffer.alloc(8);
    const total = Buffer.alloc(8);
    functions.ggml_backend_dev_memory(device, free, total);
    found.push({
      index,
      kind,
      name: functions.ggml_backend_dev_name(device),
      description: functions.ggml_backend_dev_description(device),
      freeBytes: Number(free.readBigUInt64LE()),
      totalBytes: Number(total.readBigUInt64LE()),
    });
  }
  return found;
}

/** An opened device, which holds tensors and runs graphs. Dispose it last, after everything that uses it. */
export class Device implements Disposable {
  readonly functions: GgmlFunctions;
  readonly createContext: (sizeBytes: number) => Pointer;
  readonly kind: DeviceKind;
  readonly description: string;
  /** The device in ggml's registry. `pointer` is the opened backend. */
  readonly handle: Pointer;
  readonly pointer: Pointer;
  /** The default buffer type of this device's tensors. */
  readonly bufferType: Pointer;
  /**
   * The CPU's faster layouts for some matrices (AMX, REPACK), the best first. Such tensors are written as a whole and
   * never read back.
   */
  readonly repackBufferTypes: readonly Pointer[];
  /** Absent if the device can't end a computation early. */
  readonly interruption: Interruption | undefined;
  /** Absent if the device does not compute on the processor. */
  readonly #computeThreads: ComputeThreads | undefined;
  #threads = 1;
  #disposed = false;

  /** Opens the first device of a kind. Throws `DeviceError` if there is none. */
  constructor(kind: DeviceKind, options: { build?: LibraryBuild; threads?: number } = {}) {
    const build = options.build ?? kind;
    const { functions, createContext, abortQuestion } = loadGgml(build);
    const found = listDevices(build).find((device) => device.kind === kind);
    if (!found) throw new DeviceError(`The ${build} build of ggml found no ${kind} device.`);
    this.functions = functions;
    this.createContext = createContext;
    this.kind = kind;
    this.description = found.description;
    const handle = functions.ggml_backend_dev_get(found.index);
    this.handle = handle;
    this.pointer = functions.ggml_backend_dev_init(handle, null);
    if (!this.pointer) throw new DeviceError(`The device ${found.name} (${found.description}) could not be opened.`);
    this.interruption = Interruption.of({ functions, createContext, handle, pointer: this.pointer, abortQuestion });
    this.bufferType = functions.ggml_backend_get_default_buffer_type(this.pointer);
    this.repackBufferTypes = extraBufferTypes(functions, handle).filter((type) =>
      /AMX|REPACK/.test(functions.ggml_backend_buft_name(type)),
    );
    this.#computeThreads = ComputeThreads.of(this);
    this.setThreads(options.threads ?? availableParallelism());
  }

  get threads(): number {
    return this.#threads;
  }

  /**
   * Sets the number of compute threads, from 1 to the number of cores. With more threads than cores, ggml's barriers
   * spin for seconds. No graph may be computed meanwhile.
   */
  setThreads(threads: number): void {
    this.#threads = Math.max(1, Math.min(threads, availableParallelism()));
    this.#computeThreads?.use(this.#threads);
  }

  /** Allocates all tensors of a context that have no buffer yet. Throws `AllocationError`. */
  allocate(context: Pointer, bufferType = this.bufferType): Pointer {
    const buffer = this.functions.ggml_backend_alloc_ctx_tensors_from_buft(context, bufferType);
    if (!buffer)
      throw new AllocationError(`${this.functions.ggml_backend_buft_name(bufferType)} could not allocate the tensors.`);
    return buffer;
  }

  /** Whether ggml multiplies by AMX here. */
  get hasAmx(): boolean {
    return this.repackBufferTypes.some((type) => this.functions.ggml_backend_buft_name(type).includes('AMX'));
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.functions.ggml_backend_free(this.pointer);
    this.#computeThreads?.[Symbol.dispose]();
    this.interruption?.[Symbol.dispose]();
  }
}

function extraBufferTypes(functions: GgmlFunctions, device: Pointer): Pointer[] {
  const get = functions.ggml_backend_reg_get_proc_address(
    functions.ggml_backend_dev_backend_reg(device),
    'ggml_backend_dev_get_extra_bufts',
  );
  if (!get) return [];
  const list = koffi.call(get, koffi.proto('void *', ['void *']), device) as Pointer | null;
  const types: Pointer[] = [];
  if (!list) return types;
  for (let index = 0; ; index++) {
    const type = koffi.decode(list, index * 8, 'void *') as Pointer | null;
    if (!type) return types;
    types.push(type);
  }
}
