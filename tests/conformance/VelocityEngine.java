import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.Base64;
import org.apache.velocity.Template;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.context.InternalContextAdapterImpl;
import org.apache.velocity.runtime.RuntimeInstance;
import org.apache.velocity.runtime.parser.node.SimpleNode;

/** Renders templates with the engine itself: one in a line, in Base64; its answer is Base64, or "refused", "failed". */
public class VelocityEngine {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(new String(Base64.getDecoder().decode(line), "UTF-8")));
            System.out.flush();
        }
    }

    static String answer(String source) throws Exception {
        RuntimeInstance engine = new RuntimeInstance();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("velocimacro.library", "");
        engine.setProperty("parser.pool.size", "1");
        engine.init();
        Template template = new Template();
        try {
            SimpleNode tree = engine.parse(new StringReader(source), "t");
            InternalContextAdapterImpl context = new InternalContextAdapterImpl(new VelocityContext());
            context.pushCurrentTemplateName("t");
            tree.init(context, engine);
            template.setRuntimeServices(engine);
            template.setName("t");
            template.setData(tree);
        } catch (Exception error) {
            return "refused";
        }
        try {
            StringWriter printed = new StringWriter();
            template.merge(new VelocityContext(), printed);
            return Base64.getEncoder().encodeToString(printed.toString().getBytes("UTF-8"));
        } catch (RuntimeException error) {
            return "failed";
        }
    }
}
