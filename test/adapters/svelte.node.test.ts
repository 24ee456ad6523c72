import { toReactive } from 'chatwire/svelte'
import { render } from 'svelte/server'
import { expect, test } from 'vitest'
import { url } from '../transport/feed.ts'
import { begun, countedChat } from './counted.ts'
import Runes from './Runes.svelte'
import Shared from './Shared.svelte'
import Store from './Store.svelte'

/** What a server renders, without the comments by which it is hydrated. */
const html = (component: typeof Runes, props: Record<string, unknown>) =>
  render(component, { props }).body.replaceAll(/<!--.*?-->/g, '')

test('a server renders the first state', () => {
  expect(html(Runes, { options: begun })).toBe('<p>idle: Hello &lt;b></p>')
  expect(html(Store, { options: { url } })).toBe('<p>idle: </p>')
})

test('a server renders a shared chat, and subscribes to nothing', () => {
  const chat = countedChat()
  expect(html(Shared as typeof Runes, { chat: toReactive(chat) })).toBe('<p>Hello &lt;b></p>')
  expect(chat.subscriptions()).toBe(0)
})
