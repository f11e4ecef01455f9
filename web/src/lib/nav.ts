import type { Key } from '$lib/i18n/index.svelte'
import type { Permission } from '$lib/permissions'
import type { IconName } from '$lib/ui/Icon.svelte'

export interface NavItem {
  href: string
  icon: IconName
  key: Key
  /** Words that people type in the palette when they look for this. English, and not shown. */
  words: string
  permission?: Permission
  /** The letter after "g". */
  letter: string
}

export const main: NavItem[] = [
  { href: '/', icon: 'home', key: 'nav.home', words: 'dashboard statistics today', letter: 'h' },
  {
    href: '/messages',
    icon: 'chat',
    key: 'nav.messages',
    words: 'history log failed delivered search',
    letter: 'm',
  },
  {
    href: '/inbox',
    icon: 'reply',
    key: 'nav.inbox',
    permission: 'inbox:read',
    words: 'conversations replies incoming answers canned keyword hours stop',
    letter: 'i',
  },
  {
    href: '/compose',
    icon: 'pen',
    key: 'nav.compose',
    permission: 'messages:send',
    words: 'send new sms bulk schedule write',
    letter: 'c',
  },
]

export const setup: NavItem[] = [
  {
    href: '/contacts',
    icon: 'users',
    key: 'nav.contacts',
    permission: 'contacts:read',
    words: 'people address book groups import csv excel opt-out unsubscribe duplicates lists',
    letter: 'o',
  },
  {
    href: '/campaigns',
    icon: 'send',
    key: 'nav.campaigns',
    permission: 'campaigns:read',
    words: 'campaign bulk many csv newsletter schedule repeat',
    letter: 'b',
  },
  {
    href: '/templates',
    icon: 'table',
    key: 'nav.templates',
    permission: 'campaigns:read',
    words: 'template text variables placeholder',
    letter: 't',
  },
  {
    href: '/providers',
    icon: 'plug',
    key: 'nav.providers',
    permission: 'providers:read',
    words: 'twilio smpp simulator test carrier gateway',
    letter: 'p',
  },
  {
    href: '/routes',
    icon: 'fork',
    key: 'nav.routes',
    permission: 'routes:read',
    words: 'routing rules route failover split weight priority explain',
    letter: 'r',
  },
  {
    href: '/keys',
    icon: 'key',
    key: 'nav.keys',
    permission: 'api_keys:read',
    words: 'api token developer secret',
    letter: 'k',
  },
  {
    href: '/webhooks',
    icon: 'send',
    key: 'nav.webhooks',
    permission: 'webhooks:read',
    words: 'webhook callback events http post developer',
    letter: 'w',
  },
  {
    href: '/smpp',
    icon: 'plug',
    key: 'nav.smpp',
    permission: 'smpp:read',
    words: 'smpp esme bind system id customers carrier sessions',
    letter: 'b',
  },
  {
    href: '/settings',
    icon: 'gear',
    key: 'nav.settings',
    words: 'profile password language theme sessions team',
    letter: 's',
  },
]
