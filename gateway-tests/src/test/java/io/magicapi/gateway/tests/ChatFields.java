package io.magicapi.gateway.tests;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** OpenAI's fields of a chat request, each with a value that asks for something. */
final class ChatFields {

    private static final JsonMapper JSON = new JsonMapper();

    /** What it is in words, what else the request has to have, and the field with its value. */
    private static final String ROWS = """
            `model` | | "model":"n"
            `messages`, text of a `user` | | "messages":[{"role":"user","content":"Bye"}]
            `messages`, `system` or `developer` | | "messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"hi"}]
            `messages`, `assistant` | | "messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"hi"}]
            `messages`, `refusal` of the `assistant` | | "messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]},{"role":"user","content":"hi"}]
            `messages`, `tool_calls` and `tool` | | "messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"t","content":"a"}]
            `messages[].name` | | "messages":[{"role":"user","name":"ann","content":"hi"}]
            `image_url`, a web address | | "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]
            `image_url`, `data:` | | "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]
            `image_url.detail` | "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}] | "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}}]}]
            `file.file_data`, a PDF | | "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}}]}]
            `file.file_id` | | "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"file","file":{"file_id":"file-1"}}]}]
            `input_audio` | | "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]
            `stream` | | "stream":true
            `stream_options`, `include_usage` | "stream":true | "stream_options":{"include_usage":true}
            `max_completion_tokens` | | "max_completion_tokens":9
            `max_tokens` | | "max_tokens":9
            `temperature` | | "temperature":0.5
            `temperature`, above 1 | | "temperature":1.5
            `top_p` | | "top_p":0.5
            `top_p`, beside `temperature` | "temperature":0.5 | "top_p":0.5
            `stop` | | "stop":["END"]
            `n` | | "n":2
            `seed` | | "seed":7
            `frequency_penalty` | | "frequency_penalty":1
            `presence_penalty` | | "presence_penalty":1
            `logit_bias` | | "logit_bias":{"1":1}
            `logprobs` | | "logprobs":true
            `top_logprobs` | | "top_logprobs":1
            `tools`, `function` | | "tools":[{"type":"function","function":{"name":"f"}}]
            `tools`, `custom` | | "tools":[{"type":"custom","custom":{"name":"f"}}]
            `tool_choice`, `auto` | "tools":[{"type":"function","function":{"name":"f"}}] | "tool_choice":"auto"
            `tool_choice`, `required` | "tools":[{"type":"function","function":{"name":"f"}}] | "tool_choice":"required"
            `tool_choice`, one function | "tools":[{"type":"function","function":{"name":"f"}}] | "tool_choice":{"type":"function","function":{"name":"f"}}
            `tool_choice`, `none` | "tools":[{"type":"function","function":{"name":"f"}}] | "tool_choice":"none"
            `parallel_tool_calls` | "tools":[{"type":"function","function":{"name":"f"}}] | "parallel_tool_calls":false
            `functions` | | "functions":[{"name":"f"}]
            `function_call` | | "function_call":"auto"
            `response_format`, `json_schema` | | "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}
            `response_format`, `json_object` | | "response_format":{"type":"json_object"}
            `reasoning_effort` | | "reasoning_effort":"low"
            `verbosity` | | "verbosity":"low"
            `modalities` | | "modalities":["text","audio"]
            `audio` | | "audio":{"voice":"alloy","format":"wav"}
            `prediction` | | "prediction":{"type":"content","content":"a"}
            `web_search_options` | | "web_search_options":{}
            `moderation` | | "moderation":{"model":"a"}
            `prompt_cache_key` | | "prompt_cache_key":"a"
            `prompt_cache_options` | | "prompt_cache_options":{"mode":"a"}
            `prompt_cache_retention` | | "prompt_cache_retention":"24h"
            `metadata` | | "metadata":{"team":"a"}
            `store` | | "store":true
            `user` | | "user":"ann"
            `safety_identifier` | | "safety_identifier":"ann"
            `service_tier`, `default` | | "service_tier":"default"
            `service_tier`, `flex` | | "service_tier":"flex"
            `top_k`, not OpenAI's | | "top_k":5
            `thinking`, not OpenAI's | | "thinking":{"type":"enabled","budget_tokens":1024}
            `unheard_of`, any other field | | "unheard_of":1""";

    private ChatFields() {}

    /**
     * One row of the table.
     *
     * @param label what it is, in Markdown; begins with the field's name
     * @param without a request without the field
     * @param with the same request with it
     */
    record Row(String label, String without, String with) {

        /** {@return the field's name} */
        String name() {
            return label.substring(1, label.indexOf('`', 1));
        }
    }

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (String line : ROWS.split("\n")) {
            String[] cells = line.split(" \\|");
            ObjectNode without = merged(object(AnswerClient.CHAT), cells[1]);
            rows.add(new Row(
                    cells[0], without.toString(), merged(without, cells[2]).toString()));
        }
        return rows;
    }

    private static ObjectNode merged(ObjectNode request, String fields) {
        return request.deepCopy().setAll(object("{" + fields + "}"));
    }

    private static ObjectNode object(String json) {
        try {
            return JSON.readValue(json, ObjectNode.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(json, e);
        }
    }
}
