// What an application does with a client made for OpenAI, whoever answers.
// Run as: node translated.mjs CLIENT MODEL,MODEL,... CASE,CASE,... IMAGE
// Prints one JSON object: for each model and each case what the application sees, in words that are the same for all clients.
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';

const [clientName, models, cases, image] = process.argv.slice(2);
const baseURL = process.env.BASE_URL;
const apiKey = process.env.API_KEY;

const system = 'Be brief.';
const hello = 'Hello there';
const question = "What's in this image?";
const description = 'Get the current weather in a given location';
const parameters = { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] };

function usage(input, output, total) {
  return { addsUp: input > 0 && output > 0 && input + output === total };
}

function openai(model) {
  const { completions } = new OpenAI({ apiKey, baseURL, maxRetries: 0 }).chat;
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: hello },
  ];
  const tools = [{ type: 'function', function: { name: 'get_current_weather', description, parameters } }];

  function said({ choices: [{ message, finish_reason }], usage: used }) {
    return {
      text: message.content,
      finish: finish_reason,
      usage: usage(used.prompt_tokens, used.completion_tokens, used.total_tokens),
    };
  }

  function called({ choices: [{ message, finish_reason }] }) {
    const [{ type, function: { name, arguments: json } }] = message.tool_calls;
    return { type, name, has: Object.keys(JSON.parse(json)), finish: finish_reason };
  }

  function stream(more) {
    const options = { include_usage: true };
    return completions.stream({ model, messages, stream_options: options, ...more }).finalChatCompletion();
  }

  return {
    async chat() {
      return said(await completions.create({ model, messages }));
    },
    async stream() {
      return said(await stream({}));
    },
    async tools() {
      const asks = await completions.create({ model, messages, tools });
      const { message } = asks.choices[0];
      const result = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: '27 degrees' };
      const answers = await completions.create({ model, tools, messages: [...messages, message, result] });
      return { ...called(asks), answer: answers.choices[0].message.content };
    },
    async streamedTools() {
      return called(await stream({ tools }));
    },
    async vision() {
      const content = [
        { type: 'text', text: question },
        { type: 'image_url', image_url: { url: image } },
      ];
      const seen = await completions.create({ model, messages: [{ role: 'user', content }] });
      return seen.choices[0].message.content;
    },
    async error() {
      await completions.create({ model, messages: [{ role: 'user', content: 'Be refused' }] });
    },
  };
}

function ai(model) {
  const asked = { model, maxRetries: 0 };
  const greeting = { ...asked, system, prompt: hello };
  const weather = { description, inputSchema: jsonSchema(parameters) };

  function used({ inputTokens, outputTokens, totalTokens }) {
    return usage(inputTokens, outputTokens, totalTokens);
  }

  function called({ toolName, input }, finish) {
    return { type: 'function', name: toolName, has: Object.keys(input), finish: finish.replace('-', '_') };
  }

  return {
    async chat() {
      const { text, finishReason, usage } = await generateText(greeting);
      return { text, finish: finishReason, usage: used(usage) };
    },
    async stream() {
      const result = streamText(greeting);
      return { text: await result.text, finish: await result.finishReason, usage: used(await result.usage) };
    },
    async tools() {
      const tools = { get_current_weather: tool({ ...weather, execute: async () => '27 degrees' }) };
      const { steps, text } = await generateText({ ...greeting, tools, stopWhen: stepCountIs(2) });
      return { ...called(steps[0].toolCalls[0], steps[0].finishReason), answer: text };
    },
    async streamedTools() {
      const result = streamText({ ...greeting, tools: { get_current_weather: tool(weather) } });
      return called((await result.toolCalls)[0], await result.finishReason);
    },
    async vision() {
      const content = [
        { type: 'text', text: question },
        { type: 'image', image: image.startsWith('data:') ? image : new URL(image) },
      ];
      const { text } = await generateText({ ...asked, messages: [{ role: 'user', content }] });
      return text;
    },
    async error() {
      await generateText({ ...asked, prompt: 'Be refused' });
    },
  };
}

const clients = {
  'openai (npm)': openai,
  '@ai-sdk/openai': (model) => ai(createOpenAI({ apiKey, baseURL }).chat(model)),
  '@ai-sdk/openai-compatible': (model) =>
    ai(createOpenAICompatible({ name: 'gateway', apiKey, baseURL, includeUsage: true })(model)),
};

async function seen(asking) {
  try {
    return await asking();
  } catch (error) {
    const status = error.status ?? error.statusCode;
    // The openai package puts the status before the provider's words.
    return { error: error.constructor.name, status, message: error.message.replace(`${status} `, '') };
  }
}

const results = {};
for (const model of models.split(',')) {
  const client = clients[clientName](model);
  results[model] = {};
  for (const name of cases.split(',')) {
    results[model][name] = await seen(client[name]);
  }
}
console.log(JSON.stringify(results));
