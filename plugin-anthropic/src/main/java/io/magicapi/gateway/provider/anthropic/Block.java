package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The content block that is open in a stream. */
sealed interface Block {

    /** Words for the reader, which need no memory. */
    record Text() implements Block {}

    /** What clients of OpenAI's API know nothing of. */
    record Other() implements Block {}

    /** A tool call. */
    final class ToolUse implements Block {

        private final int index;
        private final JsonNode input;
        private boolean withoutArguments = true;

        /**
         * A call of which the beginning has come.
         *
         * @param index its number among the tool calls
         * @param input what it began with: nothing, normally
         */
        ToolUse(int index, JsonNode input) {
            this.index = index;
            this.input = input;
        }

        /** {@return the delta that begins the call} */
        ObjectNode begin(JsonNode content) {
            ObjectNode delta = JsonNodeFactory.instance.objectNode();
            ObjectNode call = delta.putArray("tool_calls").addObject().put("index", index);
            call.set("id", content.path("id"));
            ObjectNode function = call.put("type", "function").putObject("function");
            function.set("name", content.path("name"));
            function.put("arguments", "");
            return delta;
        }

        /** {@return the delta for a piece of the arguments' text} */
        ObjectNode arguments(String piece) {
            withoutArguments = false;
            ObjectNode delta = JsonNodeFactory.instance.objectNode();
            delta.putArray("tool_calls")
                    .addObject()
                    .put("index", index)
                    .putObject("function")
                    .put("arguments", piece);
            return delta;
        }

        /** {@return whether no piece has come, as with tools that take no arguments} */
        boolean isWithoutArguments() {
            return withoutArguments;
        }

        /** {@return the arguments it began with} */
        String input() {
            return input.isObject() ? input.toString() : "{}";
        }
    }

    /** Thinking, kept to be sent once more as a whole. */
    final class Thinking implements Block {

        private final StringBuilder text = new StringBuilder();
        private final StringBuilder signature = new StringBuilder();

        void add(String piece) {
            text.append(piece);
        }

        void sign(String piece) {
            signature.append(piece);
        }

        /** {@return whether Anthropic would take it back} */
        boolean isSigned() {
            return !signature.isEmpty();
        }

        /** {@return the block as Anthropic wants it back} */
        ObjectNode block() {
            return JsonNodeFactory.instance
                    .objectNode()
                    .put("type", "thinking")
                    .put("thinking", text.toString())
                    .put("signature", signature.toString());
        }
    }
}
