// The SMPP server's page, with programs that bind, on a server of its own. Needs and prints the same as run.mjs.
import net from 'node:net'
import tls from 'node:tls'
import { api, base, check, DESK, eventually, live, open, PHONE, play, screen } from './harness.mjs'
import { setup } from './sending.mjs'

const LOOKS = [
  [PHONE, 'light', 'en'],
  [PHONE, 'dark', 'ar'],
  [DESK, 'dark', 'en'],
  [DESK, 'light', 'ar'],
]
const BIND = 0x09
const SUBMIT = 0x04
const UNBIND = 0x06
const ENQUIRE = 0x15
const RESPONSE = 0x80000000

const cstring = (text) => Buffer.from(text + '\0', 'latin1')

/** A customer's program: just enough of SMPP 3.4 to bind, submit and be unbound. */
class Program {
  constructor(address) {
    this.next = 0
    this.waiting = new Map()
    this.unbound = false
    this.read = Buffer.alloc(0)
    const [host, port] = [address.host, address.port]
    this.socket = address.tls
      ? tls.connect({ host, port, rejectUnauthorized: false })
      : net.connect({ host, port })
    this.ended = new Promise((done) => this.socket.once('close', done))
    this.socket.on('error', () => {})
    this.socket.on('data', (octets) => this.take(octets))
  }

  write(command, sequence, body, status = 0) {
    const head = Buffer.alloc(16)
    ;[16 + body.length, command, status, sequence].forEach((n, i) => head.writeUInt32BE(n >>> 0, 4 * i))
    this.socket.write(Buffer.concat([head, body]))
  }

  take(octets) {
    this.read = Buffer.concat([this.read, octets])
    while (this.read.length >= 4 && this.read.length >= this.read.readUInt32BE(0)) {
      const pdu = this.read.subarray(0, this.read.readUInt32BE(0))
      this.read = this.read.subarray(pdu.length)
      const [command, status, sequence] = [4, 8, 12].map((at) => pdu.readUInt32BE(at))
      if (command >= RESPONSE) {
        this.waiting.get(sequence)?.(status)
      } else {
        this.unbound ||= command === UNBIND
        this.write(
          command + RESPONSE,
          sequence,
          command === UNBIND || command === ENQUIRE ? Buffer.alloc(0) : cstring(''),
        )
      }
    }
  }

  /** The command_status of the answer, or undefined if the connection ended before it. */
  async call(command, ...body) {
    const sequence = ++this.next
    const answer = new Promise((done) => this.waiting.set(sequence, done))
    this.write(command, sequence, Buffer.concat(body))
    return Promise.race([answer, this.ended.then(() => undefined)])
  }

  bind(systemID, password) {
    return this.call(
      BIND,
      cstring(systemID),
      cstring(password),
      cstring(''),
      Buffer.from([0x34, 0, 0]),
      cstring(''),
    )
  }

  submit(to, text, from = 'ACME') {
    return this.call(
      SUBMIT,
      cstring(''),
      Buffer.from([5, 0]),
      cstring(from),
      Buffer.from([1, 1]),
      cstring(to),
      Buffer.from([0, 0, 0]),
      cstring(''),
      cstring(''),
      Buffer.from([0, 0, 0, 0, text.length]),
      Buffer.from(text, 'latin1'),
    )
  }

  close() {
    this.socket.destroy()
  }
}

/** Where the server listens, once it does. */
async function address(page) {
  let found
  await eventually(async () => {
    const { addresses } = (await api(page).get('/v1/smpp/accounts')).body
    found = addresses.find((a) => !a.tls) ?? addresses[0]
    return !!found
  })
  const [, port] = /:(\d+)$/.exec(found.address)
  return { host: '127.0.0.1', port: Number(port), tls: found.tls }
}

const shown = (page, pattern) => eventually(() => page.getByText(pattern).first().isVisible())

async function looks(world, name, ready, all = LOOKS) {
  for (const [viewport, theme, lang] of all) {
    const prefs = { 'smsir.theme': theme, 'smsir.lang': lang }
    const page = await open(world.browser, { viewport, state: world.state, prefs })
    await page.goto(base + '/smpp')
    await page.locator(ready).first().waitFor()
    await screen(page, `smpp ${name} ${viewport.width} ${theme} ${lang}`)
    await page.context().close()
  }
}

/** Nobody may bind yet: the page says what an account does, and offers one. */
async function empty(world) {
  await looks(world, 'empty', '.card a[href="/smpp?new=1"]', [LOOKS[1], LOOKS[2]])
}

/** A first account: its password is shown once, and nowhere afterwards. */
async function account(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/smpp')
  await live(page)
  await page.locator('.card').getByRole('link', { name: 'Create account' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('System id').fill('acme')
  await sheet.getByLabel('Name', { exact: false }).last().fill('Acme Ltd')
  await screen(page, 'smpp form 360 light')
  await sheet.getByRole('button', { name: 'Create account' }).click()
  await sheet.getByText('Copy the password now. It is shown only once.').waitFor()
  world.password = (await sheet.locator('.secret').innerText()).trim()
  check(world.password.length === 8, 'the password has eight characters', world.password.length)
  await screen(page, 'smpp password 360 light')
  await sheet.getByRole('button', { name: 'I have stored it' }).click()
  await page.getByRole('heading', { name: 'Acme Ltd' }).waitFor()
  check(await shown(page, 'never bound'), 'the account has never bound')
  await page.reload()
  await page.getByRole('heading', { name: 'Acme Ltd' }).waitFor()
  check(!(await page.content()).includes(world.password), 'the password is nowhere afterwards')
  check(await shown(page, /^\s*Listens with/), 'the page says where the server listens')
}

/** Limits and addresses are changed in the form, refused ones with the reason, and hold for the next bind. */
async function limits(world) {
  const page = await open(world.browser, { viewport: DESK, state: world.state })
  await page.goto(base + '/smpp')
  await live(page)
  await page.getByRole('link', { name: 'Edit' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('Addresses it may bind from').fill('192.0.2.7, nowhere')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await sheet
    .getByText(/nowhere/)
    .first()
    .waitFor()
  check(
    (await sheet.getByLabel('Addresses it may bind from').inputValue()) === '192.0.2.7, nowhere',
    'a refused form keeps what was typed',
  )
  await sheet.getByLabel('Addresses it may bind from').fill('192.0.2.0/24')
  await sheet.getByLabel('Sessions at once').fill('1')
  await sheet.getByLabel('Window').fill('7')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await sheet.waitFor({ state: 'detached' })
  const [kept] = (await api(page).get('/v1/smpp/accounts')).body.items
  check(
    kept.networks.join() === '192.0.2.0/24' && kept.max_sessions === 1 && kept.window === 7,
    'limits are kept',
    JSON.stringify(kept),
  )
  const elsewhere = new Program(await address(page))
  check((await elsewhere.bind('acme', world.password)) === 0x0d, 'another address may not bind')
  elsewhere.close()
  await api(page).patch(`/v1/smpp/accounts/${kept.id}`, { networks: [] })
}

/** Programs bind: the session and its figures come by themselves, with what was refused last; and it can be ended. */
async function sessions(world) {
  const page = await open(world.browser, { viewport: DESK, state: world.state })
  await page.goto(base + '/smpp')
  await live(page)
  const where = await address(page)
  const wrong = new Program(where)
  check((await wrong.bind('acme', 'wrong')) === 0x0d, 'a wrong password is refused')
  wrong.close()
  check(
    await shown(page, /from 127\.0\.0\.1, was refused .*: wrong password/),
    'the page says why a bind was refused',
  )
  const program = new Program(where)
  check((await program.bind('acme', world.password)) === 0, 'the right one is not')
  const second = new Program(where)
  check((await second.bind('acme', world.password)) === 0x05, 'one session at once, as the account says')
  second.close()
  check(await shown(page, /^\s*transceiver from 127\.0\.0\.1/), 'the session is seen without a reload')
  check(await shown(page, /it had as many sessions as it may have/), 'and now for another reason')
  check(await shown(page, /0 messages, .* window 0 of 7/), 'it has sent nothing yet')
  for (let i = 0; i < 3; i++)
    check((await program.submit('12025550100', 'Hello')) === 0, 'a message is taken')
  check((await program.submit('1', 'Hello')) === 0x0b, 'a wrong number is not')
  check(await shown(page, /4 messages, /), 'the figures follow')
  check(await shown(page, /ESME_RINVDSTADR/), 'and say what was refused last')
  const sent = (await api(page).get('/v1/messages?limit=50')).body.items.filter(
    (m) => m.created_by.kind === 'smpp_account',
  )
  check(sent.length === 3, 'its messages are in the history', sent.length)
  await looks(world, 'session', '.sessions')
  await page.getByRole('button', { name: 'Unbind' }).click()
  await page.getByText('acme is unbound.').waitFor()
  await program.ended
  check(program.unbound, 'the program was unbound in order')
  check(await eventually(async () => !(await page.locator('.sessions').count())), 'the session is gone')
  await page.reload()
  check(await shown(page, /last bound/), 'when it was bound last stays')
}

/** Switched off, nobody binds, and who is bound is unbound; removed, it is gone. */
async function off(world) {
  const page = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.theme': 'dark' },
  })
  await page.goto(base + '/smpp')
  await live(page)
  const where = await address(page)
  const program = new Program(where)
  check((await program.bind('acme', world.password)) === 0, 'it binds again')
  await page.getByRole('link', { name: 'Edit' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('May bind', { exact: true }).uncheck()
  await sheet.getByRole('button', { name: 'Save' }).click()
  await sheet.waitFor({ state: 'detached' })
  await program.ended
  check(program.unbound, 'who is bound is unbound')
  check(await shown(page, /switched off/), 'the page says so')
  await screen(page, 'smpp switched off 360 dark')
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('heading', { name: 'No SMPP account yet' }).waitFor()
  check((await api(page).get('/v1/smpp/accounts')).body.items.length === 0, 'it is gone')
}

await play({ setup, empty, account, limits, sessions, off })
