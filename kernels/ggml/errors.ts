/** Shapes or types do not fit. ggml would have aborted the process. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** An operation does not exist for these types on this device. */
export class UnsupportedOpError extends Error {
  override readonly name = 'UnsupportedOpError';
}

/** A native library could not be found or loaded, or a device could not be opened. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/** A buffer could not be allocated. The message gives the sizes. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError';
}
