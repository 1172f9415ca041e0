/* Every text of the page against the ground it stands on, and every bar against its track: the worst of each (WCAG 2.1, 1.4.3, 1.4.11). */
(() => {
	const parse = (colour) => {
		const parts = colour.match(/[\d.]+/g).map(Number);
		return parts.length < 4 ? [...parts, 1] : parts;
	};
	const luminance = (colour) => {
		const [red, green, blue] = colour.slice(0, 3).map((value) => {
			value /= 255;
			return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	};
	const ground = (element) => {
		for (; element; element = element.parentElement) {
			const colour = parse(getComputedStyle(element).backgroundColor);
			if (colour[3] > 0) return colour;
		}
		return matchMedia('(prefers-color-scheme:dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
	};
	const ratio = (one, other) => {
		const [light, dark] = [luminance(one), luminance(other)].sort((x, y) => y - x);
		return (light + 0.05) / (dark + 0.05);
	};
	const result = {texts: 0, lowest: 99, where: '', marks: 0, lowestMark: 99};
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const text = walker.currentNode.nodeValue.trim();
		const element = walker.currentNode.parentElement;
		if (!text.replace(/\u00a0/g, '') || element.closest('div[style*="display:none"]')) continue;
		const found = ratio(parse(getComputedStyle(element).color), ground(element));
		result.texts++;
		if (found < result.lowest) Object.assign(result, {lowest: found, where: text.slice(0, 40)});
	}
	for (const mark of document.querySelectorAll('.br, .ol')) {
		result.marks++;
		result.lowestMark = Math.min(result.lowestMark, ratio(ground(mark), ground(mark.closest('.cd') || mark.parentElement)));
	}
	return result;
})();
