import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import en from '$lib/i18n/imports/en.json'
import { wrong } from './row'

test('what is wrong with a row is said in the words of its code', () => {
  expect(wrong({ code: 'phone_too_short', params: { prefix: '254' } }, 'English')).toBe(
    'The number has too few digits for +254.',
  )
  expect(wrong({ code: 'duplicate', params: { row: '2', phone: '+12025550100' } }, 'English')).toContain(
    'Row 2',
  )
})

test('a code that this version does not know is told in English', () => {
  expect(wrong({ code: 'phone_of_tomorrow' }, 'English')).toBe('English')
  expect(wrong({}, 'English')).toBe('English')
})

test('every code of the API has words', () => {
  const api = JSON.parse(readFileSync('../api/openapi.json', 'utf8')) as {
    components: { schemas: { ImportRow: { properties: { code: { enum: string[] } } } } }
  }
  const codes = api.components.schemas.ImportRow.properties.code.enum
  expect(
    Object.keys(en)
      .filter((k) => k.startsWith('row.'))
      .sort(),
  ).toEqual(codes.map((c) => `row.${c}`).sort())
})
