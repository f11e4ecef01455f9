import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createPushDevice, getPush, removePushDevice } from '$lib/api/push'
import { bodyOf, bytesOf, pushState, resume, turnOff, turnOn } from './push'

vi.mock('$lib/api/push')

const key = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'
const keys = { p256dh: key, auth: 'BTBZMqHH6r4Tts7J_aSIgg' }

const fake = (over: object = {}) =>
  ({
    isSecureContext: true,
    PushManager: class {},
    Notification: { permission: 'default' },
    navigator: { serviceWorker: {}, userAgent: 'Chrome' },
    ...over,
  }) as unknown as Window & typeof globalThis

describe('pushState', () => {
  it.each([
    ['ready', {}],
    ['blocked', { Notification: { permission: 'denied' } }],
    ['insecure', { isSecureContext: false }],
  ])('%s', (want, over) => expect(pushState(fake(over))).toBe(want))

  it('tells an iPhone to install the app, and others that they cannot', () => {
    const without = (userAgent: string) => {
      const w = fake({ navigator: { serviceWorker: {}, userAgent } }) as unknown as Record<string, unknown>
      delete w.PushManager
      return pushState(w as unknown as Window & typeof globalThis)
    }
    expect(without('Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)')).toBe('install')
    expect(without('Mozilla/5.0 (X11; Linux) Firefox/60.0')).toBe('unsupported')
  })
})

describe('a subscription', () => {
  const unsubscribe = vi.fn(async () => true)
  const made = (k: string) => ({
    options: { applicationServerKey: bytesOf(k).buffer },
    toJSON: () => ({ endpoint: 'https://push.example.com/1', keys }),
    unsubscribe,
  })
  let there: ReturnType<typeof made> | null
  const subscribe = vi.fn(async () => (there = made(key)))
  const permission = { permission: 'granted', requestPermission: vi.fn(async () => 'granted') }

  beforeEach(() => {
    vi.clearAllMocks()
    localStorage.clear()
    there = null
    const registration = { pushManager: { getSubscription: async () => there, subscribe } }
    vi.stubGlobal('isSecureContext', true)
    vi.stubGlobal('PushManager', class {})
    vi.stubGlobal('Notification', permission)
    Object.defineProperty(navigator, 'serviceWorker', {
      configurable: true,
      value: { ready: Promise.resolve(registration), getRegistration: async () => registration },
    })
  })

  it('reads base64url', () => expect([...bytesOf('-_8')]).toEqual([251, 255]))

  it('is what the server takes, and nothing when a part is missing', () => {
    expect(bodyOf(made(key) as unknown as PushSubscription)).toMatchObject({ ...keys, language: 'en' })
    expect(bodyOf({ toJSON: () => ({ endpoint: 'x' }) } as unknown as PushSubscription)).toBeUndefined()
  })

  it('is made by a click, once', async () => {
    expect(await turnOn(key, 'usr_1')).toBe(true)
    expect(await turnOn(key, 'usr_1')).toBe(true)
    expect(subscribe).toHaveBeenCalledTimes(1)
    expect(createPushDevice).toHaveBeenCalledTimes(2)
  })

  it('is not made against a no', async () => {
    permission.requestPermission.mockResolvedValueOnce('denied')
    expect(await turnOn(key, 'usr_1')).toBe(false)
    expect(subscribe).not.toHaveBeenCalled()
  })

  it('of another server is replaced', async () => {
    there = made(key.replace('BCV', 'BCW'))
    await turnOn(key, 'usr_1')
    expect(unsubscribe).toHaveBeenCalled()
    expect(subscribe).toHaveBeenCalledTimes(1)
  })

  it('goes on at the next sign-in of the same person only', async () => {
    vi.mocked(getPush).mockResolvedValue({ public_key: key, devices: [] } as never)
    await resume('usr_1')
    expect(getPush).not.toHaveBeenCalled()
    await turnOn(key, 'usr_1')
    vi.mocked(createPushDevice).mockClear()
    await resume('usr_2')
    expect(createPushDevice).not.toHaveBeenCalled()
    await resume('usr_1')
    expect(createPushDevice).toHaveBeenCalledTimes(1)
    await turnOff('dev_1')
    expect(removePushDevice).toHaveBeenCalledWith('dev_1')
    expect(unsubscribe).toHaveBeenCalled()
    vi.mocked(createPushDevice).mockClear()
    await resume('usr_1')
    expect(createPushDevice).not.toHaveBeenCalled()
  })
})
