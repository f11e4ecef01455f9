import { expect, test } from 'vitest'
import { place } from './place'

test.each([
  [[], true, 100],
  [[100, 500], true, 90],
  [[100, 500], false, 510],
  [[5], true, 0],
  [[995, 1], false, 1000],
])('beside %j, first %s: %d', (others, first, want) => {
  expect(place(others, first)).toBe(want)
})
