/** Messages of the microphone's process to its parent. */
export type MicrophoneMessage =
  | { readonly type: 'open'; readonly device: string }
  /** 16-bit samples at 16 kHz, little-endian, in base64. */
  | { readonly type: 'sound'; readonly samples: string }
  | { readonly type: 'failed'; readonly message: string };

/** The number of samples per message: 0.1 s. */
export const FRAME_SAMPLES = 1_600;
