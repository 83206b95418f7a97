import type { Pointer } from './bindings.ts';
import { rowBytes, tensorTypes, type TensorType } from './types.ts';

/** Extents, fastest dimension first, always four: `[columns, rows, …]` in ggml's order. */
export type Shape = readonly [number, number, number, number];

/** A node of a graph, or a stored tensor. It holds no data itself; the data is in the device's memory. */
export class Tensor {
  constructor(
    readonly pointer: Pointer,
    readonly type: TensorType,
    readonly shape: Shape,
    /** Bytes between neighbours along each dimension. */
    readonly strides: Shape,
    readonly name: string,
  ) {}

  get elements(): number {
    return this.shape[0] * this.shape[1] * this.shape[2] * this.shape[3];
  }

  get sizeBytes(): number {
    return rowBytes(this.type, this.shape[0]) * this.shape[1] * this.shape[2] * this.shape[3];
  }

  get isContiguous(): boolean {
    return this.strides.every((stride, dimension) => stride === contiguousStrides(this.type, this.shape)[dimension]);
  }

  toString(): string {
    return `${this.name || 'tensor'} ${this.type}[${this.shape.join(', ')}]`;
  }
}

/** Pads a shape of one to four extents with ones. */
export function toShape(extents: readonly number[]): Shape {
  return [extents[0] ?? 1, extents[1] ?? 1, extents[2] ?? 1, extents[3] ?? 1];
}

/** Strides of a contiguous tensor. */
export function contiguousStrides(type: TensorType, shape: Shape): Shape {
  const row = rowBytes(type, shape[0]);
  return [tensorTypes[type].blockBytes, row, row * shape[1], row * shape[1] * shape[2]];
}
