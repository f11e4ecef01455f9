const RESERVED = new Set(['name', 'phone', 'language', 'notes', 'groups', 'id'])

/** The key of a new field: its label in the letters that keys are made of, and a number where that is taken. */
export function keyFor(label: string, taken: string[]): string {
  const plain = label
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, 36)
  const base = plain || 'field'
  for (let n = 1; ; n++) {
    const key = n === 1 ? base : `${base}_${n}`
    if (!taken.includes(key) && !RESERVED.has(key)) return key
  }
}
