import { describe, expect, it } from 'vitest'
import { keyFor } from './fields'

describe('the key of a field', () => {
  it.each([
    ['Class of child', [], 'class_of_child'],
    ['Numéro', [], 'numero'],
    ['Class', ['class', 'class_2'], 'class_3'],
    ['Name', [], 'name_2'],
    ['4th term', [], 'th_term'],
    ['الصف', [], 'field'],
    ['x'.repeat(60), [], 'x'.repeat(36)],
  ])('%s', (label, taken, key) => {
    expect(keyFor(label, taken)).toBe(key)
    expect(key).toMatch(/^[a-z][a-z0-9_]{0,39}$/)
  })
})
