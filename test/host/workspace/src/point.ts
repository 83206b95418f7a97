/** A point of the plane, or the way from the origin to it. */
export class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}

  add(other: Point): Point {
    return new Point(this.x + other.x, this.y + other.y);
  }

  subtract(other: Point): Point {
    return
  }
}
