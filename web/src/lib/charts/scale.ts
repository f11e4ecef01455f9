/** The smallest round number that is at least `v`, for the top of an axis. */
export function nice(v: number): number {
  if (v <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(v))
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((k) => k * power >= v)! * power
}
