import { describe, expect, it } from 'vitest'
import { letterOf } from './feed.svelte'

describe('the letter of a name', () => {
  it.each([
    ['ada', 'A'],
    ['Élodie', 'E'],
    [' zoe', 'Z'],
    ['2nd floor', '#'],
    ['', '#'],
    ['عمر', 'ع'],
  ])('%s stands under %s', (name, letter) => expect(letterOf(name, 'en')).toBe(letter))
})
