import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LOOKALIKES, segmentInfo, toGsm } from './segments'

interface Vector {
  name: string
  text: string
  encoding: string
  units: number
  segments: number
  unitsPerSegment: number[]
}

const shared = (file: string) => JSON.parse(readFileSync(`../${file}`, 'utf8')) as unknown

describe('the vectors shared with the server', () => {
  const vectors = shared('testdata/segments.json') as Vector[]
  it('are there', () => expect(vectors.length).toBeGreaterThan(50))
  it.each(vectors.map((v) => [v.name, v] as const))('%s', (_, v) => {
    const got = segmentInfo(v.text)
    const last = v.unitsPerSegment[v.unitsPerSegment.length - 1]!
    expect({
      encoding: got.encoding,
      units: got.units,
      segments: got.segments,
      last: got.perSegment - got.remaining,
    }).toEqual({
      encoding: v.encoding,
      units: v.units,
      segments: v.segments,
      last,
    })
  })
})

describe('the one-tap fix', () => {
  it('makes typographic text plain without changing a word', () => {
    expect(toGsm('It’s “ready” – see\u00a0you…')).toBe('It\'s "ready" - see you...')
  })
  it('says what it saves', () => {
    const info = segmentInfo('a'.repeat(80) + '’')
    expect(info).toMatchObject({ encoding: 'ucs2', segments: 2, offenders: ['’'], fixedSegments: 1 })
  })
  it('is not offered when a character has no equivalent', () => {
    expect(toGsm('It’s жара')).toBeNull()
    expect(segmentInfo('It’s жара').fixedSegments).toBe(segmentInfo('It’s жара').segments)
  })
  it('composes a letter with its mark where the alphabet has it', () => {
    expect(toGsm('cafe\u0301')).toBe('café')
  })
})

const smart = ['gsm/testdata/smart.json', 'testdata/smart.json'].find((f) => existsSync(`../${f}`))
describe.runIf(smart)('the table of the server’s smart encoding', () => {
  it('is the same', () => {
    const table = shared(smart!) as Record<string, string>
    expect(Object.fromEntries([...LOOKALIKES].sort())).toEqual(
      Object.fromEntries(Object.entries(table).sort()),
    )
  })
})
