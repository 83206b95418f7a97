/** Something was asked of ggml that it would abort the process on: the shapes or types do not fit. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** An operation is not available for these types on this device. */
export class UnsupportedOpError extends Error {
  override readonly name = 'UnsupportedOpError';
}

/** A native library could not be found or loaded, or a device could not be opened. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/** A buffer could not be allocated; the message holds the sizes. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError';
}
