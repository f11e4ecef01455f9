import { describe, expect, it } from 'vitest'
import { lengths } from './lengths'
import { everybody, lettersOf } from './letters'
import { requestOf } from './request'

const [a, b, c] = ['+12025550100', '+12025550101', '+12025550102']
const file = (people: { to: string; values?: Record<string, string> }[]) => ({
  id: 'f',
  kind: 'file' as const,
  name: 'f.csv',
  people,
})
const now = () => null

describe('everybody', () => {
  it('takes each number once, with the values of a list', () => {
    const got = everybody({
      to: [a],
      lists: [file([{ to: a, values: { name: 'Ada' } }, { to: b }]), file([{ to: b }, { to: c }])],
    })
    expect(got).toEqual({ people: [{ to: a, values: { name: 'Ada' } }, { to: b }, { to: c }], duplicates: 2 })
  })
})

describe('letters', () => {
  it('put in the values of a list before those of the contact, and tell of gaps', () => {
    const known = new Map<string, Record<string, string>>([
      [a, { name: 'Contact', class: '4b' }],
      [b, { name: 'Bob' }],
    ])
    const got = lettersOf(
      '{{name}} {{class}} {{phone}}',
      [{ to: a, values: { name: 'Ada' } }, { to: b }],
      known,
    )
    expect(got.map((l) => [l.text, l.gap])).toEqual([
      [`Ada 4b ${a}`, false],
      [`Bob  ${b}`, true],
    ])
  })
  it('know their lengths and the longest', () => {
    const got = lengths(
      lettersOf(
        '{{x}}',
        [
          { to: a, values: { x: 'e' } },
          { to: b, values: { x: 'e'.repeat(161) } },
        ],
        new Map(),
      ),
      false,
    )
    expect(got.segments).toBe(3)
    expect(got.longest?.to).toBe(b)
    expect(got.shares).toEqual([
      [1, 1],
      [2, 1],
    ])
  })
  it('count as the workspace sends: typographic characters replaced', () => {
    const letters = lettersOf('’'.repeat(71), [{ to: a }], new Map())
    expect([lengths(letters, true).segments, lengths(letters, false).segments]).toEqual([1, 2])
  })
})

describe('the request', () => {
  const draft = { text: 'Hi {{name|you}}', from: 'Clinic' }
  it('is one text for many while texts and times agree', () => {
    const got = requestOf(draft, lettersOf(draft.text, [{ to: a }, { to: b }], new Map()), 5, now)
    expect(got).toEqual({ to: [a, b], body: { text: 'Hi you', from: 'Clinic', hold_seconds: 5 } })
  })
  it('has rows where texts differ', () => {
    const letters = lettersOf(draft.text, [{ to: a, values: { name: 'Ada' } }, { to: b }], new Map())
    expect(requestOf(draft, letters, 0, now).body.messages).toEqual([
      { to: a, text: 'Hi Ada' },
      { to: b, text: 'Hi you' },
    ])
  })
  it('has rows where times differ, and holds only what leaves now', () => {
    const at = new Date('2026-03-03T05:00:00Z')
    const letters = lettersOf('x', [{ to: a }, { to: b }], new Map())
    expect(requestOf({ text: 'x', from: '' }, letters, 5, (to) => (to === b ? at : null)).body).toEqual({
      text: 'x',
      hold_seconds: 5,
      messages: [
        { to: a, text: 'x' },
        { to: b, text: 'x', send_at: at.toISOString() },
      ],
    })
    expect(requestOf({ text: 'x', from: '' }, letters, 5, () => at).body).toEqual({
      text: 'x',
      send_at: at.toISOString(),
    })
  })
})
