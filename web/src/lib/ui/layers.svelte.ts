/**
 * How many dialogs lie over each other. Everything outside the top one is inert, so what must stay in reach (a note
 * with Undo) is drawn inside it.
 */
class Layers {
  top = $state(0)
}
export const layers = new Layers()
