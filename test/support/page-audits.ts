// Expressions for a page to evaluate: each is a list of what is wrong there, empty where nothing is.

/** Controls without a name that could be read out: WCAG 2.2, 4.1.2. */
export const namelessControls = `
[...document.querySelectorAll('button, input:not([type=hidden]), select, a, summary, [role=switch]')]
  .filter((control) => {
    const labels = [...(control.labels ?? [])].map((label) => label.textContent).join('').trim();
    return !(labels || control.getAttribute('aria-label') || (control.tagName !== 'INPUT' && control.tagName !== 'SELECT' && control.textContent.trim()));
  })
  .map((control) => control.outerHTML)`;

/** Controls lower than a finger: WCAG 2.2, 2.5.5. */
export const smallButtons = `
[...document.querySelectorAll('button, input:not([type=hidden], [type=checkbox]), select, summary')]
  .map((control) => ({ control, box: control.getBoundingClientRect() }))
  .filter(({ box }) => box.height > 0 && box.height < 44)
  .map(({ control, box }) => box.height + ' ' + control.outerHTML.slice(0, 80))`;

/** Texts whose contrast with the first opaque background behind them is under 4.5: WCAG 2.2, 1.4.3. */
export const faintTexts = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const backdrop = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const pair = [rgb(getComputedStyle(element).color), backdrop(element)].map(luminance).sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) faint.push(ratio.toFixed(2) + ' ' + element.className + ' ' + texts.currentNode.data.trim());
  }
  return [...new Set(faint)];
})()`;
