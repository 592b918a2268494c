// What an application does with the openai package. Run as: node openai-cases.mjs CASE [ARGUMENT]
// Prints one JSON object: what the case returned, or what it threw.
import fs from 'node:fs';
import OpenAI, { toFile } from 'openai';

const options = { apiKey: process.env.GROQ_API_KEY, baseURL: process.env.BASE_URL };
const client = new OpenAI({ ...options, defaultHeaders: { 'x-provider': 'groq' } });
const withoutHeader = new OpenAI(options);

const hello = { model: 'openai/gpt-oss-20b', messages: [{ role: 'user', content: 'Hello there' }] };
const tools = [
  {
    type: 'function',
    function: {
      name: 'get_current_weather',
      parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] },
    },
  },
];

const cases = {
  async chat() {
    return client.chat.completions.create(hello);
  },

  async providerInModel() {
    return withoutHeader.chat.completions.create({ ...hello, model: 'groq/openai/gpt-oss-20b' });
  },

  async vision(url) {
    const content = [
      { type: 'text', text: "What's in this image?" },
      { type: 'image_url', image_url: { url } },
    ];
    return client.chat.completions.create({ ...hello, messages: [{ role: 'user', content }] });
  },

  async tools() {
    const asked = await client.chat.completions.create({ ...hello, tools });
    const message = asked.choices[0].message;
    const call = message.tool_calls[0];
    const answered = await client.chat.completions.create({
      ...hello,
      tools,
      messages: [...hello.messages, message, { role: 'tool', tool_call_id: call.id, content: '27 degrees' }],
    });
    return { call, answer: answered.choices[0].message.content };
  },

  async streamedTools() {
    const stream = client.chat.completions.stream({ ...hello, tools, stream_options: { include_usage: true } });
    const whole = await stream.finalChatCompletion();
    return { call: whole.choices[0].message.tool_calls[0], usage: whole.usage };
  },

  async embeddings() {
    return client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello there' });
  },

  async models() {
    const ids = [];
    for await (const model of withoutHeader.models.list()) {
      ids.push(model.id);
    }
    return ids;
  },

  async model(id) {
    return client.models.retrieve(id);
  },

  async audioBuffer(file) {
    return client.audio.transcriptions.create({
      model: 'whisper-large-v3',
      file: await toFile(fs.readFileSync(file), 'a.wav'),
    });
  },

  async audioStream(file) {
    return client.audio.transcriptions.create({ model: 'whisper-large-v3', file: fs.createReadStream(file) });
  },

  async ownRefusal() {
    return withoutHeader.chat.completions.create(hello, { headers: { 'x-provider': 'grok' } });
  },

  /** Leaves the loop after the first word, and stays until its input ends. */
  async leave() {
    const stream = await client.chat.completions.create({ ...hello, stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta?.content) break;
    }
    await inputEnd();
    return 'left';
  },

  /** Aborts after the first word, and stays until its input ends. */
  async abort() {
    const controller = new AbortController();
    const stream = await client.chat.completions.create(
      { ...hello, stream: true },
      { signal: controller.signal },
    );
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta?.content) controller.abort();
    }
    await inputEnd();
    return 'left';
  },
};

async function inputEnd() {
  process.stdin.resume();
  await new Promise((ended) => process.stdin.on('end', ended));
}

const begin = performance.now();
let result;
try {
  result = { value: await cases[process.argv[2]](process.argv[3]) };
} catch (error) {
  result = {
    error: error.constructor.name,
    status: error.status,
    code: error.code,
    message: error.message,
  };
}
console.log(JSON.stringify({ ...result, ms: performance.now() - begin }));
