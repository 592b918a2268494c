package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.ContractClient.Reply;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** What becomes of the bodies of chats. */
final class BodyRules {

    private final ContractSubject subject;

    BodyRules(ContractSubject subject) {
        this.subject = subject;
    }

    void plain() throws Exception {
        subject.assumeChat();
        String model = subject.model;
        check(
                subject.abilities.isPassThrough() ? ContractSamples.exotic(model) : ContractSamples.chat(model),
                ContractSamples.WORDS);
    }

    void streamed() throws Exception {
        subject.assumeStreams();
        subject.upstream().answerWith(subject.abilities.wire().stream().answer());

        check(ContractSamples.stream(subject.model), ContractSamples.WORDS);
    }

    void tools() throws Exception {
        subject.assumeChat();
        Assumptions.assumeTrue(subject.abilities.hasTools(), "tools are not declared");

        check(
                ContractSamples.tools(subject.model),
                "get_weather",
                "the weather of a city",
                "additionalProperties",
                "Pune",
                "31 degrees");
    }

    void vision() throws Exception {
        subject.assumeChat();
        Assumptions.assumeTrue(subject.abilities.sees(), "vision is not declared");

        check(ContractSamples.vision(subject.model), ContractSamples.IMAGE);
    }

    /** Untranslated it arrives as it was sent; translated it still says all this. */
    private void check(String body, String... parts) throws Exception {
        ReceivedRequest sent = subject.sent(ContractClient.json(subject.to(ContractSamples.CHAT), body));

        if (subject.abilities.isPassThrough()) {
            assertThat(sent.text()).as("the body upstream").isEqualTo(body);
        } else {
            assertThat(sent.text()).as("the body upstream").contains(parts);
        }
    }

    void undeclaredIsRefused() throws Exception {
        subject.assumeChat();
        Map<String, String> undeclared = new LinkedHashMap<>();
        if (!subject.abilities.streams()) {
            undeclared.put("stream", ContractSamples.stream(subject.model));
        }
        if (!subject.abilities.hasTools()) {
            undeclared.put("tools", ContractSamples.tools(subject.model));
        }
        if (!subject.abilities.sees()) {
            undeclared.put("vision", ContractSamples.vision(subject.model));
        }
        Assumptions.assumeFalse(undeclared.isEmpty(), "everything is declared");

        for (Map.Entry<String, String> chat : undeclared.entrySet()) {
            Reply reply = subject.chat(chat.getValue());

            assertThat(reply.status()).as("%s: %s", chat.getKey(), reply).isIn(400, 404);
            RequestRules.assertOpenAiError(reply);
        }
        assertThat(subject.upstream().requests()).as("requests upstream").isEmpty();
    }

    void oddBodies() throws Exception {
        subject.assumeChat();
        List<String> odd = ContractSamples.odd(subject.model);
        for (String body : odd) {
            Reply reply = subject.chat(body);

            assertThat(reply.error().path("code").asText())
                    .as("the answer to %s is %s", body, reply)
                    .isNotEqualTo("provider_failed");
        }
    }
}
