// Returns what is wrong with the page, as an array of texts: what overflows, overlaps, or is hard to read.
(() => {
  const wrong = [];
  const name = (node) => {
    const element = node.nodeType === 3 ? node.parentElement : node;
    return `${element.localName}.${element.getAttribute("class")} ${JSON.stringify(node.textContent.slice(0, 40))}`;
  };
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    wrong.push(`overflow: the page is ${document.documentElement.scrollWidth} wide`);
  }

  // The boxes of the letters. A line box is higher than its letters, so a fifth is left out on each side.
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      const inset = box.height / 5;
      boxes.push({ node, left: box.left, right: box.right, top: box.top + inset, bottom: box.bottom - inset });
    }
  }
  if (boxes.length < 10) wrong.push(`only ${boxes.length} boxes were measured`);

  for (const box of boxes) {
    let block = box.node.parentElement;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    const outer = block.getBoundingClientRect();
    const isOutside = box.left < outer.left - 1 || box.right > outer.right + 1
      || box.top < outer.top - 1 || box.bottom > outer.bottom + 1;
    if (isOutside || box.left < 0 || box.right > width) wrong.push(`overflow: ${name(box.node)}`);
  }

  const marks = [...document.querySelectorAll("li svg use")].filter((mark) => mark.checkVisibility());
  if (document.querySelector("li") && marks.length < 4) wrong.push("the rail is missing");
  for (const mark of marks) {
    const { left, right, top, bottom } = mark.getBoundingClientRect();
    boxes.push({ node: mark, left, right, top, bottom, isMark: true });
  }
  boxes.forEach((one, index) => {
    for (const two of boxes.slice(index + 1)) {
      const isOther = one.node !== two.node && !(one.isMark && two.isMark);
      const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      if (isOther && across > 1 && down > 1) wrong.push(`overlap: ${name(one.node)}, ${name(two.node)}`);
    }
  });

  // The contrast of WCAG 2.2, 1.4.3 and 1.4.11.
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = numbers(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    const isClear = numbers(color)[3] === 0;
    if (!isClear) return color;
    return element.parentElement ? ground(element.parentElement) : "rgb(255, 255, 255)";
  };
  const contrast = (color, element) => {
    const [light, dark] = [luminance(color), luminance(ground(element))].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  for (const { node, isMark } of boxes) {
    const element = isMark ? node : node.parentElement;
    const style = getComputedStyle(element);
    const least = isMark ? 3 : 4.5;
    const ratio = contrast(isMark ? style.stroke : style.color, isMark ? node.closest("li") : element);
    if (!(ratio >= least)) wrong.push(`contrast ${ratio.toFixed(2)}: ${name(node)}`);
    if (!isMark && parseFloat(style.fontSize) < 13) wrong.push(`small: ${name(node)}`);
  }
  return [...new Set(wrong)];
})()
