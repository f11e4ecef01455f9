/** The priority, 0 to 1000, that puts a provider before or behind others; lower is tried first. */
export function place(others: number[], first: boolean): number {
  if (!others.length) return 100
  return first ? Math.max(0, Math.min(...others) - 10) : Math.min(1000, Math.max(...others) + 10)
}
