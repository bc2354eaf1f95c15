#!/usr/bin/env node
/**
 * Makes a model of the llama architecture with random weights, about 1 MB, the same bytes on every run and machine.
 * Its answers are word salad in English and Japanese, but they come out of llama.cpp: the tokens, counts and durations
 * are real. It never ends by itself: `num_predict`, `stop` or the context does.
 *
 *   node make-tiny-model.mjs OUT.gguf
 */
import { writeFileSync } from 'node:fs';
import { encodeGguf, value, values } from './gguf.mjs';

const shape = { embedding: 64, layers: 2, heads: 4, feedForward: 128, context: 4096 };

const tokenTypes = { normal: 1, unknown: 2, control: 3, byte: 6 };

/** SentencePiece writes a space as this character. */
const space = '\u2581';

const characters = `etaoinshrdlucmfwypvbgkjqxzETAOINSHRDLUCMFWYPVBGKJQXZ0123456789.,;:!?'"()[]{}<>-_/+=*&#@%$|~^`;

const words =
  `the a an and or not of to in on at by for from with without into over under before after while until
  when where what who how why this that these those each every some any all none one two three many few more most less
  is are was were be been has have had do does did can will would should must may let make take give send receive call
  ask answer tell say write read think know learn find keep lose start stop wait run walk work rest sleep wake begin
  end open close build break mend carry hold throw catch turn move stay leave return come go grow shrink fill empty
  workshop master worker bench tool hammer chisel plane saw nail wood stone iron paper ink brush lamp door window roof
  floor wall table chair cup river mountain forest field rain snow wind sun moon star day night morning evening winter
  summer spring autumn year hour minute second task queue pool actor state machine event guard action delay timer lease
  token model prompt stream result error retry deadline signal message channel record journal commit order priority
  small large old new first last early late quick slow warm cold bright dark quiet loud simple strange honest careful
  工房 親方 職人 仕事 道具 木 石 鉄 紙 墨 灯 戸 窓 川 山 森 雨 雪 風 日 月 星 朝 夜 は が を に で と も の です ます`.split(
    /\s+/,
  );

/** Tokens in the order of their ids: the special ones, one for every byte, then pieces of text. It speaks the words. */
function makeVocabulary() {
  const tokens = [
    { text: '<unk>', type: tokenTypes.unknown },
    { text: '<s>', type: tokenTypes.control },
    { text: '</s>', type: tokenTypes.control },
  ];
  for (let byte = 0; byte < 256; byte++) {
    const hex = byte.toString(16).toUpperCase().padStart(2, '0');
    tokens.push({ text: `<0x${hex}>`, type: tokenTypes.byte });
  }
  const whole = new Set(words.map((word) => space + word));
  const texts = new Set([space, ...characters]);
  for (const word of words) {
    // The tokenizer joins pairs of neighbours, so it reaches a word only by way of all its beginnings.
    for (let length = 1; length <= word.length; length++) texts.add(space + word.slice(0, length));
  }
  for (const text of texts) tokens.push({ text, type: tokenTypes.normal, spoken: whole.has(text) });
  return tokens;
}

/** A mulberry32 generator: numbers in [0, 1), the same for the same seed. */
function makeRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = makeRandom(20_250_601);

/** Nearly normal with deviation 1: a sum of twelve, since logarithms and cosines may differ between engines. */
function randomNormal() {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += random();
  return sum;
}

function randomTensor(name, dimensions, deviation) {
  const length = dimensions.reduce((product, dimension) => product * dimension, 1);
  return { name, dimensions, data: Float32Array.from({ length }, () => randomNormal() * deviation) };
}

function onesTensor(name, length) {
  return { name, dimensions: [length], data: new Float32Array(length).fill(1) };
}

function makeLayer(index) {
  const { embedding, feedForward } = shape;
  const name = (part) => `blk.${index}.${part}.weight`;
  const inDeviation = 1 / Math.sqrt(embedding);
  return [
    onesTensor(name('attn_norm'), embedding),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((part) =>
      randomTensor(name(part), [embedding, embedding], inDeviation),
    ),
    onesTensor(name('ffn_norm'), embedding),
    randomTensor(name('ffn_gate'), [embedding, feedForward], inDeviation),
    randomTensor(name('ffn_up'), [embedding, feedForward], inDeviation),
    randomTensor(name('ffn_down'), [feedForward, embedding], 1 / Math.sqrt(feedForward)),
  ];
}

function makeTensors(vocabulary) {
  const { embedding, layers } = shape;
  const output = randomTensor('output.weight', [embedding, vocabulary.length], 0.5);
  vocabulary.forEach((token, id) => {
    // A row of zeros gives a logit of 0, far below the best ones: only whole words are chosen, and never the end.
    if (!token.spoken) output.data.fill(0, id * embedding, (id + 1) * embedding);
  });
  return [
    randomTensor('token_embd.weight', [embedding, vocabulary.length], 0.5),
    output,
    onesTensor('output_norm.weight', embedding),
    ...Array.from({ length: layers }, (_, index) => makeLayer(index)).flat(),
  ];
}

function makeMetadata(vocabulary) {
  return {
    'general.architecture': value('string', 'llama'),
    'general.name': value('string', 'koubou-tiny'),
    'general.file_type': value('uint32', 0),
    'llama.block_count': value('uint32', shape.layers),
    'llama.context_length': value('uint32', shape.context),
    'llama.embedding_length': value('uint32', shape.embedding),
    'llama.feed_forward_length': value('uint32', shape.feedForward),
    'llama.attention.head_count': value('uint32', shape.heads),
    'llama.attention.head_count_kv': value('uint32', shape.heads),
    'llama.attention.layer_norm_rms_epsilon': value('float32', 1e-5),
    'llama.rope.dimension_count': value('uint32', shape.embedding / shape.heads),
    'llama.rope.freq_base': value('float32', 10_000),
    'llama.vocab_size': value('uint32', vocabulary.length),
    'tokenizer.ggml.model': value('string', 'llama'),
    'tokenizer.ggml.tokens': values(
      'string',
      vocabulary.map((token) => token.text),
    ),
    // The tokenizer joins the pair with the best score first: earlier, that is shorter, pieces win.
    'tokenizer.ggml.scores': values(
      'float32',
      vocabulary.map((token, id) => (token.type === tokenTypes.normal ? -id : 0)),
    ),
    'tokenizer.ggml.token_type': values(
      'int32',
      vocabulary.map((token) => token.type),
    ),
    'tokenizer.ggml.unknown_token_id': value('uint32', 0),
    'tokenizer.ggml.bos_token_id': value('uint32', 1),
    'tokenizer.ggml.eos_token_id': value('uint32', 2),
    'tokenizer.ggml.add_bos_token': value('bool', true),
    'tokenizer.ggml.add_eos_token': value('bool', false),
  };
}

const [outputFile] = process.argv.slice(2);
if (outputFile === undefined) {
  console.error('usage: node make-tiny-model.mjs OUT.gguf');
  process.exit(2);
}
const vocabulary = makeVocabulary();
writeFileSync(outputFile, encodeGguf(makeMetadata(vocabulary), makeTensors(vocabulary)));
