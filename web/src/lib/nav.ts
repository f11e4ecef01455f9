import type { Key } from '$lib/i18n/index.svelte'
import type { Permission } from '$lib/permissions'
import type { IconName } from '$lib/ui/Icon.svelte'

export interface NavItem {
  href: string
  icon: IconName
  key: Key
  permission?: Permission
  /** The letter after "g". */
  letter: string
}

export const main: NavItem[] = [
  { href: '/', icon: 'home', key: 'nav.home', letter: 'h' },
  {
    href: '/messages',
    icon: 'chat',
    key: 'nav.messages',
    letter: 'm',
  },
  {
    href: '/inbox',
    icon: 'reply',
    key: 'nav.inbox',
    permission: 'inbox:read',
    letter: 'i',
  },
  {
    href: '/compose',
    icon: 'pen',
    key: 'nav.compose',
    permission: 'messages:send',
    letter: 'c',
  },
]

export const setup: NavItem[] = [
  {
    href: '/contacts',
    icon: 'users',
    key: 'nav.contacts',
    permission: 'contacts:read',
    letter: 'o',
  },
  {
    href: '/campaigns',
    icon: 'send',
    key: 'nav.campaigns',
    permission: 'campaigns:read',
    letter: 'b',
  },
  {
    href: '/templates',
    icon: 'table',
    key: 'nav.templates',
    permission: 'campaigns:read',
    letter: 't',
  },
  {
    href: '/analytics',
    icon: 'chart',
    key: 'nav.analytics',
    permission: 'stats:read',
    letter: 'a',
  },
  {
    href: '/providers',
    icon: 'plug',
    key: 'nav.providers',
    permission: 'providers:read',
    letter: 'p',
  },
  {
    href: '/routes',
    icon: 'fork',
    key: 'nav.routes',
    permission: 'routes:read',
    letter: 'r',
  },
  {
    href: '/keys',
    icon: 'key',
    key: 'nav.keys',
    permission: 'api_keys:read',
    letter: 'k',
  },
  {
    href: '/webhooks',
    icon: 'send',
    key: 'nav.webhooks',
    permission: 'webhooks:read',
    letter: 'w',
  },
  {
    href: '/smpp',
    icon: 'plug',
    key: 'nav.smpp',
    permission: 'smpp:read',
    letter: 'b',
  },
  {
    href: '/budget',
    icon: 'lock',
    key: 'nav.budget',
    permission: 'workspace:read',
    letter: 'l',
  },
  {
    href: '/settings',
    icon: 'gear',
    key: 'nav.settings',
    letter: 's',
  },
]
