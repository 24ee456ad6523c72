import { createApp } from 'vue'
import type { MountPane } from './pane.ts'
import VuePane from './VuePane.vue'

export const mountVue: MountPane = (element, props) => {
  createApp(VuePane, { ...props }).mount(element)
}
