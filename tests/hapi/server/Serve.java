import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.IncomingRequestAddressStrategy;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import java.net.InetSocketAddress;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * HAPI FHIR JPA (R4) on the loopback interface, at {@code /fhir}, until the process is ended.
 *
 * <p>Standard output gets one line once it accepts requests: the base URL. The port is the system's choice.
 */
public final class Serve {
    private Serve() {}

    public static void main(String[] arguments) throws Exception {
        AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext();
        beans.setAllowCircularReferences(true);
        beans.register(Settings.class);
        beans.refresh();
        Server server = new Server(new InetSocketAddress("127.0.0.1", 0));
        ServletContextHandler handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(fhir(beans)), "/fhir/*");
        server.setHandler(handler);
        server.start();
        int port = ((ServerConnector) server.getConnectors()[0]).getLocalPort();
        System.out.println("http://127.0.0.1:" + port + "/fhir");
        server.join();
    }

    private static RestfulServer fhir(AnnotationConfigApplicationContext beans) {
        IFhirSystemDao<?, ?> system = beans.getBean(IFhirSystemDao.class);
        RestfulServer server = new RestfulServer(beans.getBean(FhirContext.class));
        server.registerProviders(beans.getBean(ResourceProviderFactory.class).createProviders());
        server.registerProvider(beans.getBean(IJpaSystemProvider.class));
        server.setServerConformanceProvider(
                new JpaCapabilityStatementProvider(
                        server,
                        system,
                        beans.getBean(JpaStorageSettings.class),
                        beans.getBean(ISearchParamRegistry.class),
                        beans.getBean(IValidationSupport.class)));
        server.setPagingProvider(beans.getBean(DatabaseBackedPagingProvider.class));
        server.setDefaultResponseEncoding(EncodingEnum.JSON);
        server.setServerAddressStrategy(new IncomingRequestAddressStrategy());
        return server;
    }
}
