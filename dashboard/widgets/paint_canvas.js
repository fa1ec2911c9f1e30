// A canvas to paint phases on a grey image: brush, eraser, undo, zoom and pan, with the answer over the image.
//
// Python sends pictures by their addresses; each pixel of a picture is an index. After each stroke the changed pixels go
// back as runs of start, length and value. Runs stay in a list until Python has said that it has them, so that none is
// lost when strokes follow each other faster than the answers.
const LARGEST_BRUSH_PX = 64;
const RESULT_OPACITY = 0.55;
const DOUBT_OPACITY = 0.8;
const NICE_BARS_UM = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  parentElement.paintCanvas ??= new PaintCanvas(parentElement);
  parentElement.paintCanvas.send = (runs) => setStateValue("pending", runs);
  parentElement.paintCanvas.take(data);
}

class PaintCanvas {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "paint";
    this.root.tabIndex = 0;
    this.root.innerHTML = `<div class="tools"><span class="phases"></span><button class="eraser">Eraser (E)</button>
      <label>Size <input class="size" type="range" min="1" max="${LARGEST_BRUSH_PX}" value="5" aria-label="Brush size in px">
      <output class="px"></output></label>
      <button class="undo">Undo</button><button class="redo">Redo</button><button class="fit">Whole image</button>
      <button class="unsure">Least sure</button>
      <label>Grey <input class="blend" type="range" min="0" max="200" value="100"
        aria-label="0 shows the grey image, 100 the result, 200 the uncertainty"> result, uncertainty</label></div>
      <canvas role="img"></canvas><div class="below"><span class="pixel"></span><span class="said" role="status"></span></div>`;
    parent.appendChild(this.root);
    this.part = (name) => this.root.querySelector(name);
    this.canvas = this.part("canvas");
    this.pending = [];
    this.pointers = new Map();
    this.pictures = {};
    this.brush = 1;
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // ---- what Python sends

  async take(data) {
    this.data = data;
    this.pending = this.pending.filter((each) => each.epoch === data.epoch && each.number > data.received);
    if (data.epoch !== this.epoch) {
      this.epoch = data.epoch;
      this.number = data.received;
      this.undone = [];
      this.done = [];
      this.values = null;
      this.pictures = {};
      this.view = null;
      this.showPhases();
      const [grey, strokes] = await Promise.all([pixelsOf(data.grey), pixelsOf(data.strokes)]);
      if (data.epoch !== this.epoch) return;
      this.values = strokes;
      this.grey = layer(data, grey, (each) => [each, each, each, 255]);
      this.paint = layer(data, strokes, (each) => this.colourOf(each, 255));
    }
    await Promise.all([this.takePicture("result", (each) => this.colourOf(each, 255)), this.takePicture("doubt", flame)]);
    this.draw();
    this.describe();
  }

  async takePicture(name, colour) {
    const { data } = this;
    if (this.pictures[name]?.from === data[name]) return;
    const pixels = data[name] ? await pixelsOf(data[name]) : null;
    if (this.data !== data) return; // a later answer came meanwhile
    const shown = pixels && layer(data, pixels, colour);
    this.pictures[name] = { from: data[name], pixels, shown };
  }

  // ---- tools

  showPhases() {
    const box = this.part(".phases");
    box.replaceChildren();
    this.data.phases.forEach((phase, place) => {
      const button = document.createElement("button");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = phase.colour;
      button.append(swatch, `${phase.name} (${place + 1})`);
      button.dataset.value = phase.value;
      button.onclick = () => this.choose(phase.value);
      box.append(button, " ");
    });
    this.choose(this.data.phases[0].value);
  }

  choose(value) {
    this.brush = value;
    for (const each of this.root.querySelectorAll(".phases button")) {
      each.setAttribute("aria-pressed", String(Number(each.dataset.value) === value));
    }
    this.part(".eraser").setAttribute("aria-pressed", String(value === 0));
    this.part(".px").textContent = `${this.part(".size").value} px`;
    this.part(".undo").disabled = !this.done?.length;
    this.part(".redo").disabled = !this.undone?.length;
  }

  colourOf(value, alpha) {
    const phase = value && this.data.phases.find((each) => each.value === value);
    if (!phase) return [0, 0, 0, 0];
    const [, r, g, b] = phase.colour.match(/^#(..)(..)(..)$/);
    return [r, g, b].map((each) => parseInt(each, 16)).concat(alpha);
  }

  resize(by) {
    const size = this.part(".size");
    size.value = Number(size.value) + by;
    this.choose(this.brush);
  }

  listen() {
    const at = (name, event, take) => this.part(name).addEventListener(event, take);
    at(".eraser", "click", () => this.choose(0));
    at(".size", "input", () => this.choose(this.brush));
    at(".undo", "click", () => this.step("done", "undone"));
    at(".redo", "click", () => this.step("undone", "done"));
    at(".fit", "click", () => { this.view = null; this.draw(); });
    at(".unsure", "click", () => this.goTo(this.data.patch));
    at(".blend", "input", () => this.draw());
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.root.addEventListener("keyup", (event) => { if (event.key === " ") this.panning = false; });
    this.root.addEventListener("focusout", () => { this.panning = false; });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    }, { passive: false });
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, (event) => this.up(event));
    this.canvas.addEventListener("pointerleave", () => { this.part(".pixel").textContent = ""; });
  }

  press(event) {
    const key = event.key.toLowerCase();
    if (event.target.matches("button") && (key === " " || key === "enter")) return; // presses the button
    const phase = /^[1-9]$/.test(key) && this.data.phases[Number(key) - 1];
    if ((event.ctrlKey || event.metaKey) && key === "z") this.step("done", "undone");
    else if ((event.ctrlKey || event.metaKey) && key === "y") this.step("undone", "done");
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (phase) this.choose(phase.value);
    else if (key === "e") this.choose(0);
    else if (key === "[") this.resize(-1);
    else if (key === "]") this.resize(1);
    else if (key === "+" || key === "-") this.zoom(key === "+" ? 1.25 : 0.8, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
    else if (key === " ") this.panning = true;
    else return;
    event.preventDefault();
  }

  // ---- pointers: one paints, two move and zoom

  down(event) {
    if (!this.values) return;
    event.preventDefault();
    this.root.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.pointers.size === 2) this.finish();
    this.drags = this.panning || event.button === 1 || this.pointers.size > 1;
    if (!this.drags && event.button === 0) {
      this.before = new Map();
      this.last = this.pixelAt(event.offsetX, event.offsetY);
      this.line(this.last);
    }
  }

  move(event) {
    if (!this.values) return;
    const was = this.pointers.get(event.pointerId);
    if (was && this.drags) {
      const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      if (others.length) {
        const spread = (place) => Math.hypot(place[0] - others[0][0], place[1] - others[0][1]) || 1;
        this.zoom(spread([event.offsetX, event.offsetY]) / spread(was), ...others[0]);
      } else {
        this.view.x += event.offsetX - was[0];
        this.view.y += event.offsetY - was[1];
      }
      this.draw();
    } else if (was && this.before) {
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length ? passed : [event]) this.line(this.pixelAt(each.offsetX, each.offsetY));
    }
    if (was) this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.name(this.pixelAt(event.offsetX, event.offsetY));
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    this.finish();
    if (!this.pointers.size) this.drags = false;
  }

  // ---- strokes

  line(to) {
    const radius = Number(this.part(".size").value) / 2;
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - this.last[0], to[1] - this.last[1]) / Math.max(1, radius / 2)));
    for (let step = 0; step <= steps; step++) {
      this.disc(this.last[0] + ((to[0] - this.last[0]) * step) / steps, this.last[1] + ((to[1] - this.last[1]) * step) / steps, radius);
    }
    this.last = to;
    this.draw();
  }

  disc(x, y, radius) {
    const { width, height } = this.data;
    const changed = [];
    for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(height - 1, y + radius); row++) {
      for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(width - 1, x + radius); column++) {
        // Centres of pixels; the pixel under the pointer is always painted.
        const inside = Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius || (Math.floor(x) === column && Math.floor(y) === row);
        const at = row * width + column;
        if (!inside || this.values[at] === this.brush) continue;
        if (!this.before.has(at)) this.before.set(at, this.values[at]);
        changed.push([at, 1, this.brush]);
      }
    }
    this.set(changed);
  }

  set(runs) {
    const { width } = this.data;
    const context = this.paint.getContext("2d");
    for (const [start, length, value] of runs) {
      this.values.fill(value, start, start + length);
      context.fillStyle = `rgb(${this.colourOf(value, 1).slice(0, 3).join(" ")})`;
      for (let at = start; at < start + length; ) {
        const x = at % width;
        const wide = Math.min(width - x, start + length - at);
        if (value) context.fillRect(x, Math.floor(at / width), wide, 1);
        else context.clearRect(x, Math.floor(at / width), wide, 1);
        at += wide;
      }
    }
  }

  finish() {
    const { before } = this;
    this.before = null;
    if (!before?.size) return;
    const places = [...before.keys()].sort((first, second) => first - second);
    const stroke = { old: runsOf(places, (at) => before.get(at)), now: runsOf(places, (at) => this.values[at]) };
    this.done.push(stroke);
    this.undone = [];
    this.report(stroke.now);
  }

  step(from, to) {
    const stroke = this[from].pop();
    if (!stroke) return;
    this[to].push(stroke);
    const runs = from === "done" ? stroke.old : stroke.now;
    this.set(runs);
    this.draw();
    this.report(runs);
  }

  report(runs) {
    this.number += 1;
    this.pending.push({ epoch: this.epoch, number: this.number, runs });
    this.choose(this.brush);
    this.part(".said").textContent = "Learning …";
    this.send([...this.pending]);
  }

  // ---- the view

  pixelAt(x, y) {
    return [(x - this.view.x) / this.view.scale, (y - this.view.y) / this.view.scale];
  }

  zoom(by, x, y) {
    if (!this.view) return;
    const scale = Math.min(40, Math.max(0.05, this.view.scale * by));
    this.view = { scale, x: x - ((x - this.view.x) * scale) / this.view.scale, y: y - ((y - this.view.y) * scale) / this.view.scale };
    this.draw();
  }

  goTo(patch) {
    if (!patch) return;
    const [top, left, bottom, right] = patch;
    const { clientWidth, clientHeight } = this.canvas;
    const scale = Math.min(clientWidth / (right - left), clientHeight / (bottom - top)) / 3;
    this.view = { scale, x: clientWidth / 2 - (scale * (left + right)) / 2, y: clientHeight / 2 - (scale * (top + bottom)) / 2 };
    this.draw();
  }

  draw() {
    const { canvas, data } = this;
    if (!this.values || !canvas.clientWidth) return;
    const dense = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * dense;
    canvas.height = canvas.clientHeight * dense;
    if (!this.view) {
      const scale = Math.min(canvas.clientWidth / data.width, canvas.clientHeight / data.height);
      this.view = { scale, x: (canvas.clientWidth - scale * data.width) / 2, y: (canvas.clientHeight - scale * data.height) / 2 };
    }
    const { scale, x, y } = this.view;
    const context = canvas.getContext("2d");
    context.setTransform(scale * dense, 0, 0, scale * dense, x * dense, y * dense);
    context.imageSmoothingEnabled = scale < 1;
    const blend = Number(this.part(".blend").value) / 100;
    const layers = [
      [this.grey, 1],
      [this.pictures.result?.shown, RESULT_OPACITY * (1 - Math.abs(1 - blend))],
      [this.pictures.doubt?.shown, DOUBT_OPACITY * Math.max(0, blend - 1)],
      [this.paint, 0.9],
    ];
    for (const [picture, opacity] of layers) {
      context.globalAlpha = opacity;
      if (picture) context.drawImage(picture, 0, 0);
    }
    context.globalAlpha = 1;
    if (data.patch) {
      const [top, left, bottom, right] = data.patch;
      context.strokeStyle = "#ffffff";
      context.lineWidth = 2 / scale;
      context.setLineDash([6 / scale, 4 / scale]);
      context.strokeRect(left, top, right - left, bottom - top);
      context.setLineDash([]);
    }
    context.setTransform(dense, 0, 0, dense, 0, 0);
    this.drawBar(context);
  }

  drawBar(context) {
    const um = this.data.pixel_um;
    const longest = this.canvas.clientWidth / 4;
    const long = um
      ? NICE_BARS_UM.findLast((each) => (each / um) * this.view.scale <= longest) ?? NICE_BARS_UM[0]
      : 10 ** Math.floor(Math.log10(longest / this.view.scale));
    const wide = (long / (um ?? 1)) * this.view.scale;
    const bottom = this.canvas.clientHeight - 12;
    context.fillStyle = "rgb(0 0 0 / 65%)";
    context.fillRect(8, bottom - 24, wide + 16, 32);
    context.fillStyle = "#ffffff";
    context.fillRect(16, bottom - 2, wide, 4);
    context.font = "13px sans-serif";
    context.fillText(`${long} ${um ? "µm" : "px"}`, 16, bottom - 8);
  }

  // ---- texts

  nameOf(value) {
    return this.data.phases.find((each) => each.value === value)?.name;
  }

  name(pixel) {
    const [column, row] = pixel.map(Math.floor);
    const { width, height } = this.data;
    const inside = column >= 0 && row >= 0 && column < width && row < height;
    const at = row * width + column;
    const painted = inside && this.nameOf(this.values[at]);
    const found = inside && this.pictures.result?.pixels && this.nameOf(this.pictures.result.pixels[at]);
    const parts = [`x ${column}, y ${row}`, painted && `painted ${painted}`, found && `result ${found}`];
    this.part(".pixel").textContent = inside ? parts.filter(Boolean).join("; ") : "";
  }

  describe() {
    if (!this.pending.length) this.part(".said").textContent = this.data.said;
    this.part(".unsure").disabled = !this.data.patch;
    this.canvas.setAttribute("aria-label", `Image of ${this.data.width} × ${this.data.height} px. ${this.data.said}`);
    this.choose(this.brush);
  }
}

function runsOf(places, valueOf) {
  const runs = [];
  for (const at of places) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === at && last[2] === valueOf(at)) last[1] += 1;
    else runs.push([at, 1, valueOf(at)]);
  }
  return runs;
}

// Values of a grey PNG of 8 bits.
async function pixelsOf(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const values = new Uint8Array(data.length / 4);
  for (let at = 0; at < values.length; at++) values[at] = data[4 * at];
  return values;
}

function layer({ width, height }, pixels, colourOf) {
  const colours = new Uint8ClampedArray(Array.from({ length: 256 }, (_, value) => colourOf(value)).flat());
  const words = new Uint32Array(colours.buffer); // a pixel in one step: an image of 4096² has 17 million
  const image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  for (let at = 0; at < out.length; at++) out[at] = words[pixels[at]];
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Doubt of 0 is clear, 255 is bright yellow.
function flame(value) {
  return [Math.min(255, 2 * value), Math.max(0, 2 * value - 255), 0, value];
}
