// Vega's declarations name these types of the browser, which a Node program has not; nothing here uses them.
interface Element {
  readonly nodeName: string;
}
interface HTMLElement extends Element {}
interface HTMLCanvasElement extends HTMLElement {}
interface MouseEvent extends Event {}
interface TouchEvent extends Event {}
interface KeyboardEvent extends Event {}
