import { mount } from 'svelte'
import type { MountPane } from './pane.ts'
import SveltePane from './SveltePane.svelte'

export const mountSvelte: MountPane = (element, props) => {
  mount(SveltePane, { target: element, props: { ...props } })
}
