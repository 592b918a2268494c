package io.magicapi.gateway.provider.bedrock;

import static io.magicapi.gateway.provider.bedrock.Bedrock.converse;
import static io.magicapi.gateway.provider.bedrock.Bedrock.json;
import static io.magicapi.gateway.provider.bedrock.Bedrock.warning;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.ProviderException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The request's side of the mapping, as Amazon Bedrock's API Reference describes "Converse". */
class ConverseRequestTest {

    private static final String SCHEMA = """
            {"type":"object","properties":{"city":{"anyOf":[{"type":"string"},{"type":"null"}]}},
             "required":["city"],"additionalProperties":false,"$defs":{"x":{"type":"integer"}}}""";

    private static final String WEATHER = """
            {"type":"function","function":{"name":"weather","description":"of a city","parameters":%s}}""".formatted(SCHEMA);

    private static final String WEATHER_SPEC = """
            {"toolSpec":{"name":"weather","description":"of a city","inputSchema":{"json":%s}}}""".formatted(SCHEMA);

    private static final String HI = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    private static JsonNode messages(String messages) {
        return converse("{\"model\":\"m\",\"messages\":" + messages + "}").path("messages");
    }

    /** {@return what is sent for a question with some fields more, the question left out} */
    private static JsonNode fields(String fields) {
        JsonNode sent = converse("{\"model\":\"m\"," + HI + "," + fields + "}");
        ((com.fasterxml.jackson.databind.node.ObjectNode) sent).remove("messages");
        return sent;
    }

    private static void assertRefused(String chat, String param) {
        assertThatThrownBy(() -> converse(chat))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> {
                    assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.INVALID_REQUEST);
                    assertThat(refusal.param()).hasValue(param);
                });
    }

    @Nested
    class Messages {

        @Test
        @DisplayName("a question is a message of one text, and nothing is sent that was not asked for")
        void question() {
            assertThat(converse("{\"model\":\"m\"," + HI + "}"))
                    .isEqualTo(json("{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"));
        }

        @Test
        @DisplayName("system and developer stand apart, in order, wherever they were")
        void system() {
            JsonNode sent = converse("""
                    {"model":"m","messages":[
                      {"role":"system","content":"be brief"},
                      {"role":"user","content":"hi"},
                      {"role":"developer","content":[{"type":"text","text":"in French"},{"type":"text","text":"please"}]}]}""");

            assertThat(sent.path("system"))
                    .isEqualTo(json("[{\"text\":\"be brief\"},{\"text\":\"in French\"},{\"text\":\"please\"}]"));
            assertThat(sent.path("messages")).hasSize(1);
        }

        @Test
        @DisplayName("turns stay turns, and messages of one role that follow each other become one")
        void turns() {
            assertThat(messages("""
                    [{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}],"name":"ann"},
                     {"role":"assistant","content":"c"},{"role":"assistant","content":[{"type":"refusal","refusal":"d"}]},
                     {"role":"user","content":"e"}]""")).isEqualTo(json("""
                    [{"role":"user","content":[{"text":"a"},{"text":"b"}]},
                     {"role":"assistant","content":[{"text":"c"},{"text":"d"}]},
                     {"role":"user","content":[{"text":"e"}]}]"""));
        }

        @Test
        @DisplayName("empty texts, which Converse refuses, are left out, and so are messages that have nothing else")
        void empty() {
            assertThat(messages("""
                    [{"role":"user","content":[{"type":"text","text":" "},{"type":"text","text":"a"}]},
                     {"role":"assistant","content":""},{"role":"assistant","content":null}]""")).isEqualTo(json("[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}]"));
        }

        @ParameterizedTest
        @CsvSource({"image/png,png", "image/jpeg,jpeg", "image/jpg,jpeg", "image/gif,gif", "IMAGE/WEBP,webp"})
        @DisplayName("an image in a data: URL is an image block")
        void image(String mediaType, String format) {
            assertThat(messages("""
                    [{"role":"user","content":[{"type":"text","text":"what is it?"},
                      {"type":"image_url","image_url":{"url":"data:%s;base64,iVBORw0KGgo=","detail":"low"}}]}]""".formatted(mediaType))).isEqualTo(json("""
                    [{"role":"user","content":[{"text":"what is it?"},
                      {"image":{"format":"%s","source":{"bytes":"iVBORw0KGgo="}}}]}]""".formatted(format)));
        }

        @Test
        @DisplayName(
                "documents are document blocks, whose names have only what Converse allows, and none of them twice")
        void documents() {
            assertThat(messages("""
                    [{"role":"user","content":[
                      {"type":"file","file":{"filename":"Q3 report_(final).pdf","file_data":"data:application/pdf;base64,JVBERi0="}},
                      {"type":"file","file":{"filename":"Q3.report_(final).pdf","file_data":"data:application/pdf;base64,JVBERi0="}},
                      {"type":"file","file":{"filename":"notes.MD","file_data":"data:application/octet-stream;base64,IyBh"}},
                      {"type":"file","file":{"file_data":"data:text/csv;charset=utf-8;base64,YSxi"}},
                      {"type":"image_url","image_url":{"url":"data:application/pdf;base64,JVBERi0="}}]}]""").path(0).path("content")).isEqualTo(json("""
                    [{"document":{"format":"pdf","name":"Q3 report (final)","source":{"bytes":"JVBERi0="}}},
                     {"document":{"format":"pdf","name":"Q3 report (final) 2","source":{"bytes":"JVBERi0="}}},
                     {"document":{"format":"md","name":"notes","source":{"bytes":"IyBh"}}},
                     {"document":{"format":"csv","name":"document","source":{"bytes":"YSxi"}}},
                     {"document":{"format":"pdf","name":"document 2","source":{"bytes":"JVBERi0="}}}]"""));
        }

        @Test
        @DisplayName("a long name of a document is cut to what Converse takes")
        void longName() {
            String name = messages("""
                    [{"role":"user","content":[{"type":"file",
                      "file":{"filename":"%s.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}]}]""".formatted("n".repeat(300)))
                    .at("/0/content/0/document/name")
                    .asText();

            assertThat(name).hasSize(200);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\"}} | messages[0].content[0].image_url.url",
                    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png,plain\"}} | messages[0].content[0].image_url.url",
                    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/tiff;base64,AA\"}} | messages[0].content[0].image_url.url",
                    "{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}} | messages[0].content[0].file.file_data",
                    "{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/zip;base64,AA\"}} | messages[0].content[0].file.file_data",
                    "{\"type\":\"input_audio\",\"input_audio\":{}} | messages[0].content[0]",
                    "\"loose\" | messages[0].content[0]",
                })
        @DisplayName("a part that cannot be mapped is refused, by its place: leaving it out would change the question")
        void refusedParts(String part, String param) {
            assertRefused("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[" + part + "]}]}", param);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{\"role\":\"user\",\"content\":7} | messages[0].content",
                    "{\"role\":\"function\",\"content\":\"x\"} | messages[0].role",
                    "{\"content\":\"x\"} | messages[0].role",
                    "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]} | messages[0].tool_calls[0].function.arguments",
                    "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"[]\"}}]} | messages[0].tool_calls[0].function.arguments",
                })
        @DisplayName("a message that cannot be mapped is refused, by its place")
        void refusedMessages(String message, String param) {
            assertRefused("{\"model\":\"m\",\"messages\":[" + message + "]}", param);
        }

        @ParameterizedTest
        @ValueSource(strings = {"{\"model\":\"m\"}", "{\"model\":\"m\",\"messages\":\"hi\"}"})
        @DisplayName("without messages there is nothing to ask")
        void noMessages(String chat) {
            assertRefused(chat, "messages");
        }

        @Test
        @DisplayName("what is marked for caching, as Anthropic's API marks it, is followed by a cache point")
        void cachePoints() {
            JsonNode sent = converse("""
                    {"model":"m","messages":[
                      {"role":"system","content":[{"type":"text","text":"long","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
                      {"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}""");

            assertThat(sent).isEqualTo(json("""
                    {"messages":[{"role":"user","content":[{"text":"hi"},{"cachePoint":{"type":"default"}}]}],
                     "system":[{"text":"long"},{"cachePoint":{"type":"default","ttl":"1h"}}]}"""));
        }

        @Test
        @DisplayName("thoughts are given back to the model if they are signed, and left out if not")
        void reasoning() {
            assertThat(messages("""
                    [{"role":"user","content":"a"},
                     {"role":"assistant","content":"b","reasoning_content":"hm","reasoning_signature":"sig"},
                     {"role":"user","content":"c"},
                     {"role":"assistant","content":"d","reasoning_content":"hm"}]""")).isEqualTo(json("""
                    [{"role":"user","content":[{"text":"a"}]},
                     {"role":"assistant","content":[
                       {"reasoningContent":{"reasoningText":{"text":"hm","signature":"sig"}}},{"text":"b"}]},
                     {"role":"user","content":[{"text":"c"}]},
                     {"role":"assistant","content":[{"text":"d"}]}]"""));
        }
    }

    @Nested
    class Tools {

        private static final String USED = """
                "messages":[{"role":"user","content":"weather?"},
                  {"role":"assistant","content":"","tool_calls":[
                    {"id":"t1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Rome\\"}"}},
                    {"id":"t2","type":"function","function":{"name":"time","arguments":""}}]},
                  {"role":"tool","tool_call_id":"t1","content":"sunny"},
                  {"role":"tool","tool_call_id":"t2","content":[{"type":"text","text":"noon"}]},
                  {"role":"user","content":"thanks"}]""";

        @Test
        @DisplayName("calls become toolUse, and their results one message of the user's, with what the user says next")
        void conversation() {
            assertThat(converse("{\"model\":\"m\",\"tools\":[" + WEATHER + "]," + USED + "}"))
                    .isEqualTo(json("""
                    {"messages":[
                      {"role":"user","content":[{"text":"weather?"}]},
                      {"role":"assistant","content":[
                        {"toolUse":{"toolUseId":"t1","name":"weather","input":{"city":"Rome"}}},
                        {"toolUse":{"toolUseId":"t2","name":"time","input":{}}}]},
                      {"role":"user","content":[
                        {"toolResult":{"toolUseId":"t1","content":[{"text":"sunny"}]}},
                        {"toolResult":{"toolUseId":"t2","content":[{"text":"noon"}]}},
                        {"text":"thanks"}]}],
                     "toolConfig":{"tools":[%s]}}""".formatted(WEATHER_SPEC)));
        }

        @Test
        @DisplayName("an empty result is a result")
        void emptyResult() {
            assertThat(messages("""
                    [{"role":"assistant","tool_calls":[{"id":"t1","function":{"name":"f"}}]},
                     {"role":"tool","tool_call_id":"t1","content":""}]""").at("/1/content"))
                    .isEqualTo(json("[{\"toolResult\":{\"toolUseId\":\"t1\",\"content\":[{\"text\":\"\"}]}}]"));
        }

        @Test
        @DisplayName("what is marked for caching in a result has its cache point behind the result")
        void cachedResult() {
            assertThat(messages("""
                    [{"role":"assistant","tool_calls":[{"id":"t1","function":{"name":"f"}}]},
                     {"role":"tool","tool_call_id":"t1",
                      "content":[{"type":"text","text":"long","cache_control":{"type":"ephemeral"}}]}]""").at("/1/content")).isEqualTo(json("""
                            [{"toolResult":{"toolUseId":"t1","content":[{"text":"long"}]}},
                             {"cachePoint":{"type":"default"}}]"""));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "\"auto\" | {\"auto\":{}}",
                    "\"required\" | {\"any\":{}}",
                    "{\"type\":\"function\",\"function\":{\"name\":\"weather\"}} | {\"tool\":{\"name\":\"weather\"}}",
                })
        @DisplayName("the whole schema of a tool is kept, and the choice is Converse's")
        void choice(String wanted, String choice) {
            assertThat(fields("\"tools\":[" + WEATHER + "],\"tool_choice\":" + wanted))
                    .isEqualTo(
                            json("{\"toolConfig\":{\"toolChoice\":" + choice + ",\"tools\":[" + WEATHER_SPEC + "]}}"));
        }

        @Test
        @DisplayName("a tool without parameters takes an object, strictness is kept, and a cache point follows")
        void toolDetails() {
            assertThat(fields("""
                    "tools":[{"type":"function","function":{"name":"f","description":"","strict":true},
                              "cache_control":{"type":"ephemeral"}}]""")).isEqualTo(json("""
                    {"toolConfig":{"tools":[
                      {"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}},"strict":true}},
                      {"cachePoint":{"type":"default"}}]}}"""));
        }

        @Test
        @DisplayName("to use none of the tools is not to be shown any")
        void none() {
            String fields = "\"tools\":[" + WEATHER + "],\"tool_choice\":\"none\"";

            assertThat(fields(fields)).isEmpty();
            assertThat(warning("{\"model\":\"m\"," + HI + "," + fields + "}")).isEmpty();
        }

        @Test
        @DisplayName("once tools were used Converse must be shown them, and none cannot be asked for")
        void noneAfterUse() {
            String chat = "{\"model\":\"m\",\"tools\":[" + WEATHER + "],\"tool_choice\":\"none\"," + USED + "}";

            assertThat(converse(chat).path("toolConfig")).isEqualTo(json("{\"tools\":[" + WEATHER_SPEC + "]}"));
            assertThat(warning(chat)).contains("tool_choice");
        }

        @Test
        @DisplayName("tools that were used and are offered no more are named, since Converse asks for it")
        void usedBefore() {
            assertThat(converse("{\"model\":\"m\"," + USED + "}").path("toolConfig"))
                    .isEqualTo(json("""
                    {"tools":[
                      {"toolSpec":{"name":"weather","inputSchema":{"json":{"type":"object","properties":{}}}}},
                      {"toolSpec":{"name":"time","inputSchema":{"json":{"type":"object","properties":{}}}}}]}"""));
        }

        @Test
        @DisplayName("a tool that is no function is refused")
        void otherTool() {
            assertRefused(
                    "{\"model\":\"m\"," + HI + ",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}]}",
                    "tools[0]");
        }
    }

    @Nested
    class Parameters {

        @Test
        @DisplayName("limits and sampling go to inferenceConfig")
        void inference() {
            assertThat(fields("\"max_tokens\":9,\"temperature\":0.5,\"top_p\":0.9,\"stop\":\"END\""))
                    .isEqualTo(json("""
                            {"inferenceConfig":{"maxTokens":9,"temperature":0.5,"topP":0.9,"stopSequences":["END"]}}"""));
        }

        @Test
        @DisplayName("the newer name of the limit wins, and stop may be a list")
        void newerNames() {
            assertThat(fields("\"max_tokens\":9,\"max_completion_tokens\":10,\"stop\":[\"a\",\"b\"]"))
                    .isEqualTo(json("{\"inferenceConfig\":{\"maxTokens\":10,\"stopSequences\":[\"a\",\"b\"]}}"));
        }

        @ParameterizedTest
        @CsvSource({"max_tokens", "max_completion_tokens", "temperature", "top_p"})
        @DisplayName("what should be a number and is none is refused")
        void noNumber(String name) {
            assertRefused("{\"model\":\"m\"," + HI + ",\"" + name + "\":\"1\"}", name);
        }

        @ParameterizedTest
        @CsvSource({"tools,\"x\"", "stop,{}", "stop,[7]", "metadata,[]"})
        @DisplayName("so is what has another shape than OpenAI's")
        void otherShape(String name, String value) {
            assertRefused("{\"model\":\"m\"," + HI + ",\"" + name + "\":" + value + "}", name);
        }

        @Test
        @DisplayName("a JSON schema for the answer goes to outputConfig, as text")
        void schema() {
            assertThat(fields("""
                    "response_format":{"type":"json_schema",
                      "json_schema":{"name":"city","description":"d","strict":true,"schema":{"type":"object"}}}""")).isEqualTo(json("""
                            {"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":
                              {"schema":"{\\"type\\":\\"object\\"}","name":"city","description":"d"}}}}}"""));
        }

        @Test
        @DisplayName("metadata, service tier, guardrail and performance have their places")
        void others() {
            assertThat(fields("""
                    "metadata":{"team":"a"},"service_tier":"flex",
                    "guardrail_config":{"guardrailIdentifier":"g","guardrailVersion":"1"},
                    "performance_config":{"latency":"optimized"}""")).isEqualTo(json("""
                    {"requestMetadata":{"team":"a"},"serviceTier":{"type":"flex"},
                     "guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1"},
                     "performanceConfig":{"latency":"optimized"}}"""));
            assertThat(fields("\"service_tier\":\"auto\"")).isEmpty();
        }

        @Test
        @DisplayName("what only the model itself knows goes to additionalModelRequestFields")
        void ofTheModel() {
            assertThat(fields("""
                    "top_k":5,"thinking":{"type":"enabled","budget_tokens":1024},
                    "additional_model_request_fields":{"anthropic_beta":["x"]}""")).isEqualTo(json("""
                    {"additionalModelRequestFields":{
                      "anthropic_beta":["x"],"top_k":5,"thinking":{"type":"enabled","budget_tokens":1024}}}"""));
        }

        @Test
        @DisplayName("the effort of reasoning is known to OpenAI's models by this name, and to no others")
        void reasoningEffort() {
            String chat = "{\"model\":\"%s\"," + HI + ",\"reasoning_effort\":\"low\"}";
            String openAi = chat.formatted("openai.gpt-oss-120b-1:0");
            String other = chat.formatted("anthropic.claude-sonnet-4-6");

            assertThat(converse(openAi).path("additionalModelRequestFields"))
                    .isEqualTo(json("{\"reasoning_effort\":\"low\"}"));
            assertThat(warning(openAi)).isEmpty();
            assertThat(converse(other).has("additionalModelRequestFields")).isFalse();
            assertThat(warning(other)).contains("reasoning_effort");
        }
    }

    @Nested
    class WithoutPlace {

        private static final String CHAT =
                "{\"model\":\"m\"," + HI + ",\"seed\":7,\"logit_bias\":{\"1\":2},\"n\":2,\"user\":\"ann\"}";

        @Test
        @DisplayName("fields Converse does not have are left out, and the answer says so")
        void dropped() {
            assertThat(converse(CHAT)).isEqualTo(converse("{\"model\":\"m\"," + HI + "}"));
            assertThat(warning(CHAT))
                    .isEqualTo("not supported by Bedrock's Converse API, and dropped: seed, logit_bias, n, user");
        }

        @Test
        @DisplayName("or refused, if the operator says so")
        void rejected() {
            assertThatThrownBy(() ->
                            Bedrock.started("{\"unmapped-fields\":\"reject\"}").open(Bedrock.call(CHAT)))
                    .asInstanceOf(type(ProviderException.class))
                    .satisfies(refusal -> {
                        assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.INVALID_REQUEST);
                        assertThat(refusal.param()).hasValue("seed");
                    });
        }

        @Test
        @DisplayName("what asks for nothing is not worth a word")
        void defaults() {
            assertThat(warning("{\"model\":\"m\"," + HI + """
                    ,"n":1,"logprobs":false,"parallel_tool_calls":true,"store":false,"frequency_penalty":0,
                    "presence_penalty":0.0,"logit_bias":{},"modalities":["text"],"seed":null,"stream":false,
                    "response_format":{"type":"text"}}""")).isEmpty();
        }

        @Test
        @DisplayName("JSON without a schema cannot be asked for, nor one call at a time")
        void noPlace() {
            assertThat(warning("{\"model\":\"m\"," + HI
                            + ",\"response_format\":{\"type\":\"json_object\"},\"parallel_tool_calls\":false}"))
                    .contains("response_format", "parallel_tool_calls");
        }

        @Test
        @DisplayName("a name that could not stand in a header is not repeated, and long lists are cut")
        void oddNames() {
            StringBuilder chat = new StringBuilder("{\"model\":\"m\"," + HI + ",\"a\\r\\nb\":1");
            for (int i = 0; i < 20; i++) {
                chat.append(",\"f").append(i).append("\":1");
            }

            assertThat(warning(chat + "}"))
                    .endsWith("dropped: a field of another name, f0, f1, f2, f3, f4, f5, f6, f7, f8, and more");
        }
    }
}
