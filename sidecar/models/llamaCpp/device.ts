import { getLlama, LlamaLogLevel, NoBinaryFoundError, type Llama } from 'node-llama-cpp';
import { access } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { countNativeCall } from '../../../kernels/ggml/nativeCalls.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { DeviceChoice } from '../../protocol/client.ts';
import { prepareCuda } from '../cuda/cudaSupport.ts';
import { hasVulkanLoader } from './vulkanLoader.ts';

type Device = Exclude<DeviceChoice, 'auto'>;

const NO_LIBRARIES = 'its driver or its runtime libraries were not found';
const LABELS: Readonly<Record<Device, string>> = { cuda: 'CUDA', metal: 'Metal', vulkan: 'Vulkan', cpu: 'CPU' };

export interface OpenedDevice {
  readonly llama: Llama;
  readonly device: Device;
  /** The name for users, such as "CUDA (NVIDIA GeForce RTX 4090)". */
  readonly label: string;
  /** Why no faster device was chosen, a sentence for each device. */
  readonly reasons: readonly string[];
}

/**
 * Opens the compute library for the chosen device; 'auto' chooses the fastest working device. Nothing is ever built or
 * downloaded. Throws `TroubleError` 'engine-failed' if the chosen device does not work.
 */
export async function openDevice(
  choice: DeviceChoice,
  options: { readonly threads: number; readonly log: (line: string) => void },
): Promise<OpenedDevice> {
  const reasons: string[] = [];
  for (const device of choice === 'auto' ? candidates() : [choice]) {
    try {
      if (device === 'cuda') {
        if (!(await hasNvidiaDriver())) throw new Error('no NVIDIA driver was found');
        const missing = await prepareCuda();
        if (missing !== undefined) throw new Error(missing);
      }
      // node-llama-cpp would find out in a process that it starts for it.
      if (device === 'vulkan' && !hasVulkanLoader()) throw new Error(NO_LIBRARIES);
      const llama = await countNativeCall(() =>
        getLlama({
          gpu: device === 'cpu' ? false : device,
          build: 'never',
          skipDownload: true,
          progressLogs: false,
          maxThreads: options.threads,
          logLevel: LlamaLogLevel.warn,
          logger: (level, message) => options.log(`${level}: ${message.trimEnd()}`),
        }),
      );
      const names = device === 'cpu' ? [] : await llama.getGpuDeviceNames();
      if (device !== 'cpu' && names.length === 0) {
        await llama.dispose();
        throw new Error('no such device was found');
      }
      return {
        llama,
        device,
        label: names.length > 0 ? `${LABELS[device]} (${names.join(', ')})` : LABELS[device],
        reasons,
      };
    } catch (error) {
      const reason = `${LABELS[device]} can't be used: ${firstSentence(error)}.`;
      if (choice !== 'auto' || device === 'cpu') throw new TroubleError('engine-failed', reason, { cause: error });
      reasons.push(reason);
    }
  }
  throw new TroubleError('engine-failed', reasons.join(' '));
}

function candidates(): readonly Device[] {
  if (process.platform === 'darwin') return process.arch === 'arm64' ? ['metal', 'cpu'] : ['cpu'];
  return process.arch === 'arm' ? ['cpu'] : ['cuda', 'vulkan', 'cpu'];
}

/** Checking files is half a second faster than a failed attempt to load the library. */
async function hasNvidiaDriver(): Promise<boolean> {
  const traces: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    linux: ['/proc/driver/nvidia', '/dev/nvidiactl', '/dev/dxg'],
    win32: [path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'nvcuda.dll')],
  };
  const found = await Promise.all(
    (traces[process.platform] ?? []).map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function firstSentence(error: unknown): string {
  if (error instanceof NoBinaryFoundError) return NO_LIBRARIES;
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').replace(/\.$/, '');
}
